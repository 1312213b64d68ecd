"""Tables of many texts: from iterables of dicts, Dask bags and delayed lists; as Parquet too."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
import pytest

import attnviz
from attnviz import corpus
from attnviz.corpus.link_rows import LinkRow
from attnviz.errors import InputError
from tests.model.made import small, write

pandas = pytest.importorskip("pandas")

TEXTS = ["he took the hat", "she liked the cat and the hat", "it was not his hat"] * 5


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> attnviz.Model:
    made = small("bert-plain", "wordpiece")
    return write(tmp_path_factory.mktemp("reader"), made, "wordpiece")


def records() -> Iterator[dict[str, object]]:
    """As iterating over a data set gives them."""
    for number, text in enumerate(TEXTS):
        yield {"id": number, "sentence": text}


def test_dicts_go_in_and_a_table_of_heads_comes_out(model):
    table = corpus.heads(records(), model, field="sentence")
    found = attnviz.heads(model, TEXTS)
    assert [*table.columns] == ["layer", "head", *found.names]
    assert len(table) == len(found.layers) * len(found.heads)
    for name in found.names:
        np.testing.assert_array_equal(table[name], found.table(name).ravel())


def test_the_strongest_links_of_each_text_are_those_of_its_result(model):
    table = corpus.links(records(), model, field="sentence")
    assert [*table.columns] == [*LinkRow._fields]
    for number, text in enumerate(TEXTS):
        mine = table[table.text == number]
        result = model.attend(text)
        links = result.links()
        assert [*zip(mine.query_at, mine.key_at, strict=True)] == [(q, k) for q, k, *_ in links]
        np.testing.assert_allclose(mine.weight, [link.weight for link in links], rtol=1e-5)
    assert {*table["query"]} <= {*" ".join(TEXTS).split()}


def test_a_dict_without_the_field_is_named(model):
    with pytest.raises(InputError, match=r"there is no text in 'text' of .*; name the field"):
        corpus.heads(records(), model)
    with pytest.raises(InputError, match="nothing to measure"):
        corpus.heads([], model)


def test_bags_and_delayed_lists_are_read_where_dask_computes_them(model):
    dask = pytest.importorskip("dask")
    bag = pytest.importorskip("dask.bag").from_sequence(TEXTS, npartitions=3)
    lists = [dask.delayed(TEXTS[at : at + 5]) for at in (0, 5, 10)]
    with dask.config.set(scheduler="synchronous"):
        of_bag, of_lists = (corpus.heads(given, model) for given in (bag, lists))
        links = corpus.links(bag, model, n=1)
    pandas.testing.assert_frame_equal(of_bag, of_lists)
    pandas.testing.assert_frame_equal(of_bag, corpus.heads(TEXTS, model), rtol=1e-5)
    assert sorted({*links.part}) == [0, 1, 2]
    assert [*links[links.part == 1].text] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("partitioned", [False, True])
def test_links_go_to_parquet_files(model, tmp_path, partitioned):
    pytest.importorskip("pyarrow")
    given, scheduler = records(), {}
    if partitioned:
        dask = pytest.importorskip("dask")
        given = pytest.importorskip("dask.bag").from_sequence([*records()], npartitions=3)
        scheduler = dask.config.set(scheduler="synchronous")
    files = corpus.links(given, model, n=2, field="sentence", to=tmp_path / "links")
    del scheduler
    expected = corpus.links(records(), model, n=2, field="sentence")
    read = pandas.concat(
        pandas.read_parquet(tmp_path / "links" / name) for name in files.file
    ).reset_index(drop=True)
    assert files.rows.sum() == len(expected)
    columns = [name for name in LinkRow._fields if name not in ("text", "weight")]
    assert read[columns].equals(expected[columns])


def test_what_is_missing_is_said_in_a_sentence(model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"pip install 'attnviz\[parquet\]'"):
        corpus.links(TEXTS, model, to=tmp_path)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(InputError, match="a table needs pandas"):
        corpus.heads(TEXTS, model)

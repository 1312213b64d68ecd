"""``attnviz.heads``, ``probe`` and ``search_cuts`` from Python: they draw and write themselves."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from matplotlib.figure import Figure

import attnviz
from attnviz.analysis.grammar import clauses
from attnviz.cli import main
from attnviz.display import document_of
from attnviz.errors import InputError
from tests.support.treebanks import write_treebank

HAT = "He took the hat and examined it carefully"
SHORT = "The dog saw the cat"


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def model():
    return attnviz.load()


@pytest.fixture(scope="module")
def measured(model):
    return attnviz.heads(model, [HAT], sort="previous")


def plain(tmp_path):
    """A file of texts without annotation."""
    path = tmp_path / "texts.txt"
    path.write_text(f"{HAT}\n{HAT}, and the hat was his\n")
    return path


def found(what, model, tmp_path):
    """What the API finds, and the command that finds the same."""
    if what == "heads":
        given = ("heads", HAT, "--sort", "previous")
        return attnviz.heads(model, [HAT], sort="previous"), given
    if what == "search":
        return attnviz.search_cuts(model, SHORT), ("cut", SHORT, "--search")
    tree = tmp_path / "one.conllu"
    write_treebank(tree, clauses(12))
    return attnviz.probe(model, [tree]), ("probe", "--conllu", str(tree))


@pytest.mark.parametrize("what", ["heads", "probe", "search"])
def test_it_is_drawn_and_written_as_the_command_does(what, model, tmp_path):
    one, given = found(what, model, tmp_path)
    names = [f"cli.{suffix}" for suffix in ("html", "json", "svg", "png")]
    with pytest.raises(SystemExit) as ended:
        main([*given, *(part for name in names for part in ("-o", str(tmp_path / name)))])
    assert not ended.value.code
    for name in names:
        one.save(tmp_path / name.replace("cli", "api"))
        assert (tmp_path / name.replace("cli", "api")).read_bytes() == (
            tmp_path / name
        ).read_bytes()
    assert isinstance(one.figure(palette="grey"), Figure)
    assert one._repr_html_() == attnviz.html(one) and one._repr_html_().startswith("<div><iframe")
    with pytest.raises(InputError, match=r"take one of \.png"):
        one.save(tmp_path / "x.npz")
    with pytest.raises(InputError, match="no choice paletta"):
        one.save(tmp_path / "x.html", paletta="grey")
    with pytest.raises(InputError, match="takes the style alone"):
        attnviz.figure(one, head="3.1")


def test_measures_say_whose_they_are_and_what_heads_were_found_to_do(measured):
    assert measured.model.name == "all-MiniLM-L6-v2" and measured.weighting == "raw"
    assert measured.labels[measured.order[0]][0].what == "previous word"


def test_another_measure_is_drawn_of_the_same_numbers(measured, tmp_path):
    again = measured.sorted("special")
    assert again.values is measured.values and again.order[0] == measured.ranked("special")[0]
    assert measured.sorted(None).order == sorted(measured.order)
    for name in ("special", "previous"):
        measured.sorted(name).save(tmp_path / f"{name}.svg")
    drawn = [(tmp_path / f"{name}.svg").read_bytes() for name in ("special", "previous")]
    assert drawn[0] != drawn[1]
    with pytest.raises(InputError, match="'tall' is no measure"):
        measured.sorted("tall")


def test_paths_have_no_labels(model):
    assert attnviz.heads(model, [HAT], weights="rollout").labels == {}


def test_probes_are_a_mapping_of_relations(model, tmp_path):
    texts = plain(tmp_path).read_text().splitlines()
    found = attnviz.probe(model, texts=texts)
    assert isinstance(found, Mapping) and found.texts == "texts"
    assert set(found) == set(dict(found)) and len(found) == len(list(found.items()))
    assert found["next word"].relation == "next word" and "nsubj" not in found
    assert found == dict(found.items())


def test_a_search_is_two_lists_of_those_that_change_most(model):
    found = attnviz.search_cuts(model, SHORT, n=3)
    heads, links = found
    assert len(heads) == len(links) == 3 and found[0] == heads and found[1] == links
    assert len(found.every_head) == 72 and len(found.every_link) > 3
    effects = [one.effect for one in found.every_link]
    assert effects == sorted(effects, reverse=True)
    document = document_of(found)
    assert [one["head"] for one in document["heads"]] == [str(one.cut.heads[0]) for one in heads]

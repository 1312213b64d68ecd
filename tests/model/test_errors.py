"""What cannot be attended to is refused in one sentence that says what to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import attnviz
from attnviz import Model, memory
from attnviz.errors import (
    AttnvizError,
    BadCheckpoint,
    EmptyText,
    InputError,
    TooBig,
    TooLong,
    UnknownHead,
)
from attnviz.model import record
from tests.model.made import small, write


def refusal(error: type[AttnvizError], model: Model, **given: Any) -> str:
    """The sentence with which an input is refused."""
    with pytest.raises(error) as raised:
        model.attend(**given)
    assert type(raised.value) is error
    return str(raised.value)


@pytest.mark.parametrize("text", ["", " ", "\n\t  ", "\u3000"])
def test_a_text_without_a_word_is_refused(reader: Model, text: str) -> None:
    expected = "the text is empty; give a sentence with at least one word"
    assert refusal(EmptyText, reader, text=text) == expected
    assert refusal(EmptyText, reader, text="hat", pair=text) == expected


def test_no_ids_are_refused(reader: Model, translator: Model) -> None:
    assert refusal(EmptyText, reader, token_ids=[]) == "there are no token_ids; give at least one"
    said = refusal(EmptyText, translator, token_ids=[0, 2], target_ids=[])
    assert said == "there are no target_ids; give at least one"


def test_a_text_longer_than_the_model_says_the_limit_and_offers_to_cut(reader: Model) -> None:
    name = reader.info.name
    assert refusal(TooLong, reader, text="hat " * 30) == (
        f"the text has 32 tokens but {name} has 24 positions; shorten it, or cut it with --truncate"
    )


def test_ids_longer_than_the_model_are_never_cut(reader: Model) -> None:
    assert refusal(TooLong, reader, token_ids=[5] * 25) == (
        f"there are 25 token_ids but {reader.info.name} has 24 positions; give fewer"
    )
    refusal(InputError, reader, token_ids=[5] * 25, truncate=True)
    assert reader.attend(token_ids=[5] * 24).maps["encoder"].weights.shape[-1] == 24


def test_six_hundred_words_do_not_fit_the_embedded_model(embedded: Model) -> None:
    assert refusal(TooLong, embedded, text="hat " * 600) == (
        "the text has 602 tokens but all-MiniLM-L6-v2 has 512 positions; "
        "shorten it, or cut it with --truncate"
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "give a text or token_ids, and not both"),
        ({"text": "hat", "token_ids": [1]}, "give a text or token_ids, and not both"),
        ({"text": "hat", "token_type_ids": [0]}, "go with token_ids, not with a text"),
        ({"text": "hat", "target_ids": [0]}, "go with token_ids, not with a text"),
        ({"token_ids": [1], "pair": "hat"}, "go with a text, not with token_ids"),
        ({"token_ids": [1], "target": "hat"}, "go with a text, not with token_ids"),
        ({"token_ids": [1, 189]}, "token id 189 is outside"),
        ({"token_ids": [1, -1]}, "token id -1 is outside"),
        ({"token_ids": [1.0, 2.0]}, "token_ids must be one flat list of whole numbers"),
        ({"token_ids": [[1, 2]]}, "token_ids must be one flat list of whole numbers"),
        ({"token_ids": [[1], [2, 3]]}, "token_ids must be one flat list of whole numbers"),
        ({"token_ids": [True, False]}, "token_ids must be one flat list of whole numbers"),
        ({"token_ids": ["1"]}, "token_ids must be one flat list of whole numbers"),
        ({"token_ids": [2**70]}, "token_ids must be one flat list of whole numbers"),
        ({"token_ids": 7}, "token_ids must be one flat list of whole numbers"),
        ({"token_ids": [1, 2], "token_type_ids": [0]}, "2 token_ids but 1 token_type_ids"),
        ({"token_ids": [1], "token_type_ids": [2]}, "has 2 token types, counted from 0"),
        ({"token_ids": [1], "token_type_ids": [-1]}, "has 2 token types, counted from 0"),
        ({"token_ids": [1], "target_ids": [1]}, "has one stack, so it takes no target"),
        ({"text": "hat", "target": "cat"}, "has one stack, so it takes no target"),
        ({"text": "hat", "generate": 3}, "reads but does not write, so it cannot generate"),
        ({"text": "half a \ud83d pair"}, "half of a surrogate pair"),
        ({"text": 5}, "a text must be a str, not int"),
        ({"text": ["hat", "cat"]}, "a text must be a str, not list"),
        ({"text": "hat", "pair": b"cat"}, "a text must be a str, not bytes"),
    ],
)
def test_input_that_makes_no_sense_is_refused(
    reader: Model, given: dict[str, Any], said: str
) -> None:
    sentence = refusal(InputError, reader, **given)
    assert said in sentence
    assert "\n" not in sentence


def test_one_text_where_many_are_expected_is_not_read_letter_by_letter(reader: Model) -> None:
    with pytest.raises(InputError, match="give a list, or call attend"):
        next(reader.attend_many("hat"))


@pytest.mark.parametrize("layers", [[2], [-1], [0, 7]])
def test_a_layer_that_is_not_there_is_refused(reader: Model, layers: list[int]) -> None:
    wrong = max(layers) if min(layers) >= 0 else min(layers)
    expected = f"there is no layer {wrong}; {reader.info.name} has layers 0, 1"
    assert refusal(UnknownHead, reader, text="hat", layers=layers) == expected
    with pytest.raises(UnknownHead, match=f"no layer {wrong}"):
        reader.strongest(reader.encode("hat"), layers=layers)
    with pytest.raises(UnknownHead, match=f"no layer {wrong}"):
        list(reader.attend_many(["hat"], layers=layers))


@pytest.fixture
def no_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if no map were small enough to be kept without asking for room."""
    monkeypatch.setattr(memory, "LITTLE", 0)


@pytest.mark.usefixtures("no_little")
def test_a_request_that_would_not_fit_is_refused_before_it_is_computed(
    reader: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two layers of three heads over 24 tokens: 4 · 2 · 3 · 24 · 24 = 13,824 bytes."""
    given = {"token_ids": [5] * 24}
    monkeypatch.setattr(memory, "available", lambda: int(13824 / 0.8) + 1)
    assert reader.attend(**given).maps["encoder"].weights.nbytes == 13824
    monkeypatch.setattr(memory, "available", lambda: int(13824 / 0.8) - 1)
    monkeypatch.setattr("attnviz.model.model.run", lambda *args, **more: pytest.fail("it ran"))
    said = refusal(TooBig, reader, **given)
    assert "would take 0.0 GB, more than 80% of the 0.0 GB that are free" in said
    assert all(way in said for way in ("--top", "--pooled", "attnviz heads", "--layer"))


def test_the_size_that_is_refused_is_named(reader: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "map_shape", lambda *given: (12, 12, 4096, 4096))
    monkeypatch.setattr(memory, "available", lambda: 8_000_000_000)
    said = refusal(TooBig, reader, text="the hat")
    assert said.startswith(
        "keeping every weight would take 9.7 GB, more than 80% of the 8.0 GB that are free;"
    )


@pytest.mark.usefixtures("no_little")
def test_one_layer_may_fit_where_all_do_not(reader: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda: int(13824 / 0.8) - 1)
    result = reader.attend(token_ids=[5] * 24, layers=[1])
    assert result.maps["encoder"].layers == (1,)


def test_a_system_that_does_not_tell_its_memory_refuses_nothing(
    reader: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "available", lambda: None)
    assert reader.attend("hat").maps


def test_free_memory_is_what_the_system_says() -> None:
    free = memory.available()
    assert free is None or 1 << 20 < free < 1 << 50


@pytest.fixture
def broken(tmp_path: Path) -> Model:
    """A model whose finite weights are so large that their products are not."""
    made = replace(small("bert-plain", "wordpiece"), constants={r"query\.weight": 3e38})
    return write(tmp_path, made, "wordpiece")


def test_numbers_beyond_float32_are_refused_without_a_warning(broken: Model) -> None:
    said = refusal(BadCheckpoint, broken, text="the hat")
    assert said.startswith("the numbers of this model grow beyond float32")
    refusal(BadCheckpoint, broken, text="the hat", layers=[], hidden=True)
    with pytest.raises(BadCheckpoint, match="grow beyond float32"):
        broken.strongest(broken.encode("the hat"))
    with pytest.raises(BadCheckpoint, match="grow beyond float32"):
        broken.pooled("the hat")
    with np.errstate(all="raise"), pytest.raises(BadCheckpoint, match="grow beyond float32"):
        broken.attend(token_ids=[5] * 24)


@pytest.mark.usefixtures("no_little")
def test_a_continuation_that_would_not_fit_is_refused_before_it_is_written(
    writer: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "available", lambda: 1000)
    monkeypatch.setattr("attnviz.model.generate.run", lambda *args, **more: pytest.fail("it wrote"))
    assert refusal(TooBig, writer, token_ids=[300], generate=20)


@pytest.mark.parametrize("layers", [3, "3", [0.5], [True]], ids=repr)
def test_layers_are_a_list_of_whole_numbers(reader: Model, layers: Any) -> None:
    assert refusal(InputError, reader, text="the hat", layers=layers) == (
        f"layers is a list of layers, as [3], not {str(layers)!r}"
    )


def test_how_to_write_is_refused_where_nothing_is_written(reader: Model) -> None:
    for how in ({"beams": 2}, {"allow_unknown": True}):
        assert "nothing is written here" in refusal(InputError, reader, text="the hat", **how)


def test_a_model_is_named_by_its_name_or_its_folder() -> None:
    with pytest.raises(InputError, match="by its name or its folder, not by '3'"):
        attnviz.load(3)  # type: ignore[arg-type]

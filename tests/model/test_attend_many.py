"""Many texts: in order, one by one as they come, each as if it were alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import attnviz.model.model as module
import attnviz.model.packs as packing
from attnviz import AttentionResult, Model
from attnviz.errors import AttnvizWarning, EmptyText

TEXTS = ["He took the hat", "the cat", "it was not his", "hat", "She examined a coat carefully"]


def check_alike(found: AttentionResult, alone: AttentionResult) -> None:
    assert found.tokens == alone.tokens
    assert found.target_tokens == alone.target_tokens
    assert found.texts == alone.texts
    assert found.maps.keys() == alone.maps.keys()
    for kind, expected in alone.maps.items():
        assert found.maps[kind].layers == expected.layers
        np.testing.assert_allclose(found.maps[kind].weights, expected.weights, atol=2e-6)
    if alone.hidden is not None:
        np.testing.assert_allclose(found.hidden, alone.hidden, atol=2e-5)


@pytest.mark.parametrize("pack", [1, 9, 12, 2048])
def test_many_texts_are_as_each_alone_and_in_order(
    reader: Model, monkeypatch: pytest.MonkeyPatch, pack: int
) -> None:
    monkeypatch.setattr(packing, "PACK_TOKENS", pack)
    results = list(reader.attend_many(TEXTS, hidden=True))
    assert len(results) == len(TEXTS)
    for text, result in zip(TEXTS, results, strict=True):
        check_alike(result, reader.attend(text, hidden=True))


@settings(max_examples=10)
@given(texts=st.lists(st.sampled_from(TEXTS), max_size=6), pack=st.integers(1, 30))
def test_any_texts_in_packs_of_any_size_come_back_in_order(
    reader: Model, texts: list[str], pack: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packing, "PACK_TOKENS", pack)
        results = list(reader.attend_many(texts, layers=[1]))
    assert [result.texts for result in results] == [(text,) for text in texts]
    for text, result in zip(texts, results, strict=True):
        check_alike(result, reader.attend(text, layers=[1]))


def test_no_texts_give_no_results(reader: Model) -> None:
    assert list(reader.attend_many([])) == []


def test_only_a_few_texts_are_taken_ahead_of_their_results(
    reader: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each text has four tokens or more, so with packs of six each is a pack of its own."""
    monkeypatch.setattr(packing, "available_cores", lambda: 1)
    monkeypatch.setattr(packing, "PACK_TOKENS", 6)
    taken = []

    def texts() -> Iterator[str]:
        for text in TEXTS:
            taken.append(text)
            yield text

    results = reader.attend_many(texts())
    assert taken == []
    next(results)
    assert taken == TEXTS[:4]  # one is computed, one waits, one is held, and one ended its pack


def test_texts_of_one_pack_run_together(reader: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    packs = []
    run = module.run

    def counting(spec, weights, sequences, want, **more):
        packs.append([len(sequence.ids) for sequence in sequences])
        return run(spec, weights, sequences, want, **more)

    monkeypatch.setattr(module, "run", counting)
    monkeypatch.setattr(packing, "PACK_TOKENS", 12)
    list(reader.attend_many(["the hat"] * 5))
    assert sorted(packs) == [[4, 4], [4, 4, 4]]


def test_whoever_keeps_one_result_keeps_no_map_of_those_it_ran_with(reader: Model) -> None:
    for result in reader.attend_many(["the hat", "the cat", "a hat"]):  # of one length
        weights = result.maps["encoder"].weights
        assert (weights if weights.base is None else weights.base).size == weights.size


def test_a_bad_text_among_good_ones_is_refused_when_its_turn_comes(
    reader: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "PACK_TOKENS", 1)
    results = reader.attend_many(["hat", "cat", " "])
    assert next(results).texts == ("hat",)
    with pytest.raises(EmptyText):
        list(results)


def test_sequence_to_sequence_models_take_many_texts_too(translator: Model) -> None:
    results = translator.attend_many(TEXTS[:3], max_new_tokens=3)
    for text, result in zip(TEXTS[:3], results, strict=True):
        check_alike(result, translator.attend(text, max_new_tokens=3))


def test_decoders_continue_many_texts_too(writer: Model) -> None:
    results = writer.attend_many(TEXTS[:2], generate=2)
    for text, result in zip(TEXTS[:2], results, strict=True):
        check_alike(result, writer.attend(text, generate=2))


def test_truncation_holds_for_each_text(reader: Model) -> None:
    short, long = reader.attend_many(["hat", "hat " * 40], truncate=True)
    assert (len(short.tokens), len(long.tokens)) == (3, 24)


def test_packs_run_side_by_side_and_a_single_one_has_all_cores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(packing, "available_cores", lambda: 3)
    meeting = threading.Barrier(4, timeout=30)  # holds until one more than there are cores begin

    def cores_of(pack: object, cores: int | None) -> int | None:
        if cores is not None:
            meeting.wait()
        return cores

    assert [*packing.side_by_side(cores_of, [[]] * 8)] == [1] * 8
    assert [*packing.side_by_side(cores_of, [[]])] == [None]
    assert [*packing.side_by_side(cores_of, [])] == []


def test_whoever_asks_for_no_more_results_waits_for_no_more_packs() -> None:
    begun = []

    def begin(pack: object, cores: int | None) -> None:
        begun.append(pack)

    results = packing.side_by_side(begin, ([] for _ in range(1000)))
    next(results)
    results.close()
    assert len(begun) < 1000


def test_the_same_texts_have_the_same_bits_every_time(reader: Model) -> None:
    texts = [f"{text} {number}" for number in range(300) for text in TEXTS]
    first, again = (
        [result.maps["encoder"].weights.tobytes() for result in reader.attend_many(texts)]
        for _ in range(2)
    )
    assert first == again


def test_the_first_long_text_is_warned_of_whichever_is_computed_first(
    reader: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "PACK_TOKENS", 1)
    monkeypatch.setattr(reader, "info", replace(reader.info, max_seq_length=4))
    second_is_done, attend = threading.Event(), reader._attend

    def attend_late(layers, hidden, inputs, *more, **how):
        if inputs[0].texts == ("He took the hat",):
            assert second_is_done.wait(10)
        found = attend(layers, hidden, inputs, *more, **how)
        second_is_done.set()
        return found

    monkeypatch.setattr(reader, "_attend", attend_late)
    with pytest.warns(AttnvizWarning) as told:
        list(reader.attend_many(["He took the hat", "He took the hat and it", "hat"]))
    assert ["has 6 tokens but" in str(one.message) for one in told] == [True]

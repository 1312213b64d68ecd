"""Greedy writing: the most likely token, again and again, until the model stops."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attnviz import Model
from attnviz.errors import BadCheckpoint, InputError, TooLong, UnsupportedModel
from attnviz.model.generate import Rules
from tests.model.made import small, state, write

Logits = Callable[[list[int]], np.ndarray]
SOURCE = [0, 4, 15, 26, 37, 2]


def written(model: Model, **given: Any) -> list[int]:
    """The ids of all that was written, behind what was given."""
    result = model.attend(**given)
    return [token.id for token in result.target_tokens or result.tokens]


def greedy(logits: Logits, ids: list[int], n: int, stops: tuple[int, ...] = ()) -> list[int]:
    """The same written out: up to n tokens, the last of them perhaps a stop."""
    ids = list(ids)
    for _ in range(n):
        ids.append(int(logits(ids).argmax()))
        if ids[-1] in stops:
            break
    return ids


def continuation(model: Model, table: np.ndarray) -> Logits:
    """A decoder's logits behind some ids."""
    return lambda ids: table @ model.attend(token_ids=ids, hidden=True).hidden[-1]


def translation(model: Model, table: np.ndarray, bias: Any = 0.0) -> Logits:
    """A translator's logits for SOURCE behind some target ids."""
    return lambda ids: (
        table @ model.attend(token_ids=SOURCE, target_ids=ids, hidden=True).hidden[-1] + bias
    )


@pytest.mark.parametrize("seed", range(3))
def test_a_decoder_continues_as_the_loop_written_out(tmp_path: Path, seed: int) -> None:
    made = small("gpt2-plain", seed=seed)
    model = write(tmp_path, made)
    logits = continuation(model, state(made)["transformer.wte.weight"])
    assert written(model, token_ids=[3, 7], generate=8) == greedy(logits, [3, 7], 8)


@pytest.mark.parametrize("name", ["gpt2-untied", "llama-plain", "opt-plain"])
def test_an_output_head_of_its_own_is_used(tmp_path: Path, name: str) -> None:
    made = small(name)
    model = write(tmp_path, made)
    tensors = state(made)
    table = tensors.get("lm_head.weight", tensors.get("model.decoder.embed_tokens.weight"))
    logits = continuation(model, table)
    assert written(model, token_ids=[3, 7, 9], generate=6) == greedy(logits, [3, 7, 9], 6)


@pytest.mark.parametrize("seed", range(3))
def test_a_translator_writes_as_the_loop_written_out(tmp_path: Path, seed: int) -> None:
    made = small("bart-plain", seed=seed)
    model = write(tmp_path, made)
    tensors = state(made)
    logits = translation(model, tensors["model.shared.weight"], tensors["final_logits_bias"][0])
    expected = greedy(logits, [2], 5, stops=(2,))  # the sixth is forced_eos_token_id
    found = written(model, token_ids=SOURCE, max_new_tokens=6)
    assert found == (expected[:-1] if expected[-1] == 2 else expected)


def test_the_first_token_of_t5_is_its_pad_and_its_logits_use_the_shared_table(
    tmp_path: Path,
) -> None:
    made = small("t5-plain")
    model = write(tmp_path, made)
    logits = translation(model, state(made)["shared.weight"])
    expected = greedy(logits, [0], 6, stops=(1,))
    found = written(model, token_ids=SOURCE, max_new_tokens=6)
    assert found == [id for id in expected if id != 1]
    assert found[0] == 0


def test_a_continuation_ends_with_the_first_stop_and_shows_it(tmp_path: Path) -> None:
    plain = write(tmp_path, small("gpt2-plain"))
    whole = written(plain, token_ids=[3, 7], generate=8)
    stop = whole[4]
    stopping = write(tmp_path, small("gpt2-plain"), generation={"eos_token_id": [39, stop]})
    expected = whole[: whole.index(stop, 2) + 1]
    assert written(stopping, token_ids=[3, 7], generate=8) == expected


def test_a_target_ends_before_the_stop(tmp_path: Path) -> None:
    plain = write(tmp_path, small("bart-plain"))
    whole = written(plain, token_ids=SOURCE, max_new_tokens=6)
    stop = whole[3]
    stopping = write(tmp_path, small("bart-plain"), generation={
        "eos_token_id": stop, "decoder_start_token_id": 2,
    })  # fmt: skip
    found = written(stopping, token_ids=SOURCE, max_new_tokens=6)
    assert found == whole[: whole.index(stop, 1)]


def test_banned_tokens_are_never_written(tmp_path: Path) -> None:
    plain = write(tmp_path, small("gpt2-plain"))
    whole = written(plain, token_ids=[3, 7], generate=4)[2:]
    rules = {"bad_words_ids": [[id] for id in whole], "suppress_tokens": [11, 12]}
    banning = write(tmp_path, small("gpt2-plain"), generation=rules)
    found = written(banning, token_ids=[3, 7], generate=4)[2:]
    assert not {*whole, 11, 12} & set(found)


def test_a_forced_first_token_is_written_first(tmp_path: Path) -> None:
    made = small("bart-plain", forced_bos_token_id=17)
    assert written(write(tmp_path, made), token_ids=SOURCE, max_new_tokens=4)[:2] == [2, 17]


def test_a_decoder_may_fill_its_positions_and_write_one_token_more(writer: Model) -> None:
    """The last token is written at the last position and stands behind it."""
    result = writer.attend(token_ids=[300] * 20, generate=5)
    assert len(result.tokens) == 25
    assert result.maps["decoder"].weights.shape[-2:] == (24, 24)
    with pytest.raises(TooLong) as raised:
        writer.attend(token_ids=[300] * 20, generate=6)
    assert str(raised.value) == (
        f"{writer.info.name} has 24 positions, so it can write 5 more behind these 20 tokens, not 6"
    )


def test_a_translator_writes_no_more_than_it_has_positions(tmp_path: Path) -> None:
    rules = {"eos_token_id": 39, "decoder_start_token_id": 2}
    never = write(tmp_path, small("bart-plain", eos_token_id=39), generation=rules)
    result = never.attend(token_ids=SOURCE, max_new_tokens=100)
    assert len(result.target_tokens) <= 24


def test_a_continuation_is_labelled_as_one_text(writer: Model) -> None:
    result = writer.attend("He took the hat", generate=3)
    (text,) = result.texts
    assert text.startswith("He took the hat")
    begun = len(writer.attend("He took the hat").tokens)
    assert len(result.tokens) == result.maps["decoder"].weights.shape[-1] == begun + 3


def test_what_was_written_is_attended_to_as_if_it_had_been_given(writer: Model) -> None:
    result = writer.attend(token_ids=[300, 301], generate=4, layers=[1])
    ids = [token.id for token in result.tokens]
    given = writer.attend(token_ids=ids, layers=[1])
    found = result.maps["decoder"]
    assert found.layers == (1,)
    np.testing.assert_allclose(found.weights, given.maps["decoder"].weights, atol=2e-6)


def test_a_checkpoint_without_a_head_attends_but_does_not_write(tmp_path: Path) -> None:
    made = small("llama-plain")
    del made.tensors["lm_head.weight"]
    model = write(tmp_path, made)
    assert model.attend(token_ids=[3, 7]).maps
    with pytest.raises(BadCheckpoint, match="no output head"):
        model.attend(token_ids=[3, 7], generate=1)


def test_a_translator_that_says_no_start_needs_a_target(tmp_path: Path) -> None:
    made = small("t5-plain")
    config = {key: value for key, value in made.config.items() if "start" not in key}
    model = write(tmp_path, made.__class__(config, made.tensors))
    with pytest.raises(UnsupportedModel, match="decoder_start_token_id"):
        model.attend(token_ids=SOURCE)
    assert model.attend(token_ids=SOURCE, target_ids=[0, 5]).maps["cross"]


def test_a_reader_has_nothing_to_generate(wordless: Model) -> None:
    with pytest.raises(InputError, match="reads but does not write"):
        wordless.attend(token_ids=[3], generate=1)


@pytest.mark.parametrize(
    "name", ["modernbert-decoder-plain", "bert-decoder", "clip_text_model-plain"]
)
def test_a_head_that_has_layers_is_not_computed(tmp_path: Path, name: str) -> None:
    model = write(tmp_path, small(name))
    with pytest.raises(InputError, match="or one with layers of its own"):
        model.attend(token_ids=[3], generate=1)


# What the files say


def test_a_generation_config_replaces_all_but_the_start() -> None:
    config = {"eos_token_id": 1, "decoder_start_token_id": 2, "forced_bos_token_id": 3}
    assert Rules.of(config, {}) == Rules(start=2, stops=frozenset({1}), forced_first=3)
    rules = Rules.of(config, {"eos_token_id": [4, 5]})
    assert rules == Rules(start=2, stops=frozenset({4, 5}))


def test_nothing_said_is_nothing_ruled() -> None:
    assert Rules.of({}, {}) == Rules()


def test_only_single_tokens_are_banned_on_their_own() -> None:
    rules = Rules.of({}, {"bad_words_ids": [[7], [8, 9]], "suppress_tokens": [3]})
    assert rules.banned == (7, 3)


@pytest.mark.parametrize("value", ["2", 2.0, True, -1, {"a": 1}])
@pytest.mark.parametrize(
    "key", ["eos_token_id", "decoder_start_token_id", "forced_bos_token_id", "suppress_tokens"]
)
def test_what_is_no_token_id_is_refused_by_its_key(key: str, value: Any) -> None:
    listed = [value] if key == "suppress_tokens" else value
    with pytest.raises(BadCheckpoint, match=f"{key} is .* where a token id belongs"):
        Rules.of({key: listed}, {})

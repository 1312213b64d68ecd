"""Texts, pairs and ids to attention."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz import Head, Model
from attnviz.errors import AttnvizWarning, InputError
from tests.model.made import small, write

SENTENCE = "He took the hat and examined it carefully"
WORDS = ["[CLS]", *SENTENCE.split(), "[SEP]"]


def texts(result: attnviz.AttentionResult) -> list[str]:
    return [token.text for token in result.tokens]


def same(a: np.ndarray, b: np.ndarray) -> None:
    np.testing.assert_allclose(a, b, rtol=0, atol=2e-6)


@pytest.mark.parametrize(
    ("text", "row"),
    [
        (
            SENTENCE,
            [0.1676635, 0.0016517, 0.0009788, 0.005815, 0.8005748,
             0.0001825, 0.0008041, 0.0015104, 0.00014, 0.0206791],
        ),
        (
            f"{SENTENCE}.",
            [0.222174, 0.0014034, 0.0006775, 0.0054652, 0.7488926, 0.0001171,
             0.000789, 0.0013941, 0.0000934, 0.0092465, 0.0097471],
        ),
    ],
)  # fmt: skip
def test_it_looks_at_hat_in_head_3_1_as_transformers_computes_it(
    embedded: Model, text: str, row: list[float]
) -> None:
    result = embedded.attend(text)
    found = result.maps["encoder"].head(attnviz.Head(3, 1))[texts(result).index("it")]
    np.testing.assert_allclose(found, row, rtol=0, atol=2e-5)
    assert texts(result)[int(found.argmax())] == "hat"


def test_a_text_gives_every_head_of_every_layer(embedded: Model) -> None:
    result = embedded.attend(SENTENCE)
    found = result.maps["encoder"]
    assert set(result.maps) == {"encoder"}
    assert texts(result) == WORDS
    assert found.weights.shape == (6, 12, 10, 10)
    assert found.weights.dtype == np.float32
    np.testing.assert_allclose(found.weights.sum(axis=-1), 1, atol=1e-5)
    assert result.texts == (SENTENCE,)
    assert result.target_tokens == ()


def test_a_result_says_which_model_it_comes_from(embedded: Model) -> None:
    info = embedded.attend("hat").model
    assert (info.name, info.model_type, info.n_layers, info.n_heads) == (
        "all-MiniLM-L6-v2", "bert", 6, 12,
    )  # fmt: skip
    assert repr(embedded) == "<Model all-MiniLM-L6-v2: bert, 6 layers × 12 heads>"


def test_a_fingerprint_is_the_sha_256_of_the_weights(tmp_path: Path) -> None:
    model = write(tmp_path, small("bert-plain"))
    assert model.attend(token_ids=[1, 2]).model.sha256 is None
    expected = hashlib.sha256((tmp_path / "model.safetensors").read_bytes()).hexdigest()
    assert model.fingerprint().sha256 == expected
    assert model.attend(token_ids=[1, 2]).model.sha256 == expected


def test_weights_are_read_only(reader: Model) -> None:
    weights = reader.attend("the hat").maps["encoder"].weights
    with pytest.raises(ValueError, match="read-only"):
        weights[0, 0, 0, 0] = 1


def test_a_pair_has_two_segments_and_their_types(reader: Model) -> None:
    result = reader.attend("the hat", pair="it")
    assert texts(result) == ["[CLS]", "the", "hat", "[SEP]", "it", "[SEP]"]
    assert [token.segment for token in result.tokens][1:] == [0, 0, 0, 1, 1]
    assert result.texts == ("the hat", "it")
    ids = [token.id for token in result.tokens]
    typed = reader.attend(token_ids=ids, token_type_ids=[0, 0, 0, 0, 1, 1])
    same(result.maps["encoder"].weights, typed.maps["encoder"].weights)
    plain = reader.attend(token_ids=ids)
    assert np.abs(plain.maps["encoder"].weights - typed.maps["encoder"].weights).max() > 1e-3


def test_ids_go_to_the_model_as_they_are(reader: Model) -> None:
    spoken = reader.attend("the hat")
    ids = [token.id for token in spoken.tokens]
    result = reader.attend(token_ids=ids)
    same(result.maps["encoder"].weights, spoken.maps["encoder"].weights)
    assert texts(result) == texts(spoken)
    assert [token.special for token in result.tokens] == [True, False, False, True]
    assert reader.attend(token_ids=ids[1:3]).maps["encoder"].weights.shape[-1] == 2


def test_ids_may_be_an_array(reader: Model) -> None:
    given = reader.attend(token_ids=np.array([2, 159, 3], np.int32))
    same(
        given.maps["encoder"].weights, reader.attend(token_ids=[2, 159, 3]).maps["encoder"].weights
    )


def test_a_model_without_a_tokenizer_takes_ids(wordless: Model) -> None:
    result = wordless.attend(token_ids=[1, 17, 2])
    assert texts(result) == ["#1", "#17", "#2"]
    assert [token.word for token in result.tokens] == [0, 1, 2]
    assert result.texts == ()


def test_layers_keep_their_numbers_and_are_the_slice_of_all(embedded: Model) -> None:
    whole = embedded.attend(SENTENCE).maps["encoder"]
    part = embedded.attend(SENTENCE, layers=[4, 1]).maps["encoder"]
    assert part.layers == (1, 4)
    same(part.weights, whole.weights[[1, 4]])
    same(part.head(attnviz.Head(4, 7)), whole.head(attnviz.Head(4, 7)))
    assert embedded.attend(SENTENCE, layers=range(2)).maps["encoder"].layers == (0, 1)


def test_no_layer_at_all_gives_no_map(reader: Model) -> None:
    result = reader.attend("the hat", layers=[], hidden=True)
    assert result.maps == {}
    assert result.hidden.shape == (4, 36)


def test_hidden_states_are_given_only_when_asked_for(embedded: Model) -> None:
    assert embedded.attend(SENTENCE).hidden is None
    result = embedded.attend(SENTENCE, hidden=True, layers=[0])
    assert result.hidden.shape == (10, 384)
    expected = [0.3217240, 1.2917166, -0.0160909, -0.1071839]  # as transformers computes them
    np.testing.assert_allclose(result.hidden[7, :4], expected, rtol=0, atol=2e-5)


def test_the_same_text_gives_the_same_numbers_again(reader: Model) -> None:
    first, second = (reader.attend("He took the hat", hidden=True) for _ in range(2))
    np.testing.assert_array_equal(first.maps["encoder"].weights, second.maps["encoder"].weights)
    np.testing.assert_array_equal(first.hidden, second.hidden)


def test_truncation_keeps_the_special_tokens_around_what_is_left(reader: Model) -> None:
    result = reader.attend("hat " * 50, truncate=True)
    assert texts(result) == ["[CLS]", *["hat"] * 22, "[SEP]"]
    pair = reader.attend("hat " * 50, pair="the cat", truncate=True)
    assert texts(pair) == ["[CLS]", *["hat"] * 19, "[SEP]", "the", "cat", "[SEP]"]


def test_truncation_leaves_alone_what_fits(reader: Model) -> None:
    assert texts(reader.attend("the hat", truncate=True)) == ["[CLS]", "the", "hat", "[SEP]"]


def test_a_decoder_sees_only_what_came_before(writer: Model) -> None:
    found = writer.attend("He took the hat").maps
    assert set(found) == {"decoder"}
    later = np.triu(np.ones(found["decoder"].weights.shape[-2:], bool), 1)
    assert (found["decoder"].weights[..., later] == 0).all()


def test_masked_tokens_get_no_weight_and_are_named(embedded: Model) -> None:
    ids = embedded.encode(SENTENCE).ids.ids.tolist()
    alone = embedded.attend(token_ids=ids).maps["encoder"].weights
    padded = embedded.attend(token_ids=[*ids, 0, 0], attention_mask=[1] * len(ids) + [0, 0])
    weights = padded.maps["encoder"].weights
    assert weights[..., len(ids) :].max() == 0
    same(weights[:, :, : len(ids), : len(ids)], alone)
    assert [token.masked for token in padded.tokens] == [False] * len(ids) + [True] * 2


def test_masked_tokens_of_a_source_are_hidden_from_its_target_too(translator: Model) -> None:
    given = {"token_ids": [3, 4, 5, 6], "target_ids": [0, 7]}
    masked = translator.attend(**given, attention_mask=[1, 1, 0, 0])
    short = translator.attend(token_ids=[3, 4], target_ids=[0, 7])
    assert masked.maps["cross"].weights[..., 2:].max() == 0
    same(masked.maps["cross"].weights[..., :2], short.maps["cross"].weights)
    same(masked.maps["decoder"].weights, short.maps["decoder"].weights)


MASKS = pytest.mark.parametrize(
    "mask", [[0, 0, 1, 1, 1], [1, 0, 1, 0, 1], [1, 1, 1, 0, 0]], ids=str
)


@MASKS
@pytest.mark.parametrize("name", ["opt-plain", "bloom-plain", "falcon-alibi"])
def test_positions_are_counted_by_what_a_mask_lets_be_seen(
    tmp_path: Path, name: str, mask: list[int]
) -> None:
    model, ids, seen = write(tmp_path, small(name)), [5, 9, 13, 6, 7], np.flatnonzero(mask)
    alone = model.attend(token_ids=np.array(ids)[seen].tolist(), hidden=True)
    masked = model.attend(token_ids=ids, attention_mask=mask, hidden=True)
    weights = masked.maps["decoder"].weights
    same(weights[:, :, seen[:, None], seen], alone.maps["decoder"].weights)
    assert masked.hidden is not None and alone.hidden is not None
    np.testing.assert_allclose(masked.hidden[seen], alone.hidden, atol=1e-5)
    assert weights[..., np.flatnonzero(np.array(mask) == 0)].max() == 0
    assert [not token.masked for token in masked.tokens] == [bool(one) for one in mask]


@MASKS
@pytest.mark.parametrize(
    "name", ["biogpt-plain", "bert-plain", "llama-plain", "mpt-plain", "falcon-plain"]
)
def test_others_leave_every_token_its_position(tmp_path: Path, name: str, mask: list[int]) -> None:
    model, ids, seen = write(tmp_path, small(name)), [5, 9, 13, 6, 7], np.array(mask, bool)
    (kind,) = model.attend(token_ids=ids).maps
    # In the first layer a mask changes nothing but which keys share a row's weight.
    whole = model.attend(token_ids=ids).maps[kind].weights[0][:, seen]
    masked = model.attend(token_ids=ids, attention_mask=mask).maps[kind].weights[0][:, seen]
    left = np.where(seen, whole, 0)
    same(masked, left / left.sum(axis=-1, keepdims=True))


def test_a_convolution_reads_nothing_that_a_mask_hides(tmp_path: Path) -> None:
    model, ids = write(tmp_path, small("deberta-v2-convolution")), [5, 9, 13, 6]
    alone = model.attend(token_ids=ids, hidden=True)
    for padding in [7, 8], [0, 0]:
        masked = model.attend(
            token_ids=[*ids, *padding], attention_mask=[1, 1, 1, 1, 0, 0], hidden=True
        )
        same(masked.maps["encoder"].weights[:, :, :4, :4], alone.maps["encoder"].weights)
        assert masked.hidden is not None and alone.hidden is not None
        same(masked.hidden[:4], alone.hidden)


@pytest.mark.parametrize(("name", "mask"), [("opt-plain", [0, 1, 1]), ("bloom-plain", [1, 0, 1])])
def test_what_takes_ids_as_they_are_takes_no_mask_that_moves_positions(
    tmp_path: Path, name: str, mask: list[int]
) -> None:
    model = write(tmp_path, small(name))
    given = {"token_ids": [1, 5, 9], "attention_mask": mask}
    with pytest.raises(InputError, match="leave the hidden tokens out here"):
        model.explain(**given)
    with pytest.raises(InputError, match="leave the hidden tokens out here"):
        model.strongest(model.label(**given))


def test_strongest_links_are_not_to_what_a_mask_hides(wordless: Model) -> None:
    links = wordless.strongest(wordless.label([5, 9, 13, 7, 6], attention_mask=[1, 1, 1, 1, 0]), 99)
    assert links and not any(link.key == 4 for link in links)


def test_a_masked_word_is_named_so_and_is_no_word_to_link(embedded: Model) -> None:
    ids = embedded.encode("He took the old hat").ids.ids.tolist()
    result = embedded.attend(token_ids=ids, attention_mask=[1, 1, 1, 1, 0, 1, 1])
    words = result.words().tokens
    assert [word.text for word in words if word.masked] == ["old"]
    assert all("old" not in (words[q].text, words[k].text) for q, k, *_ in result.links())


@pytest.mark.parametrize("head", [Head(3, 1), (3, 1), "3.1"], ids=str)
def test_a_head_is_named_in_any_form(embedded: Model, head: Head | tuple[int, int] | str) -> None:
    map = embedded.attend("the hat").maps["encoder"]
    same(map.head(head), map.weights[3, 1])
    same(map.pick([head]).weights, map.weights[3:4, 1:2])
    assert embedded.explain("the hat", head=head).recorded.head == (3, 1)
    links = embedded.strongest(embedded.encode("He took the old hat"), heads=[head])
    assert {link.head for link in links} == {Head(3, 1)}


def test_tokens_that_a_mask_lets_see_nothing_have_rows_of_zeros(writer: Model) -> None:
    ids = [5, 9, 13, 6]
    padded = writer.attend(token_ids=[0, 0, *ids], attention_mask=[0, 0, 1, 1, 1, 1])
    weights = padded.maps["decoder"].weights
    assert weights[..., :2].max() == 0
    assert weights[:, :, :2].max() == 0  # they may see nothing, so their rows are zeros
    np.testing.assert_allclose(weights[:, :, 2:].sum(axis=-1), 1, atol=1e-5)


@pytest.mark.parametrize("mask", [[1], [1, 1, 2], [0, 0, 0], [[1, 1, 1]]])
def test_a_mask_that_does_not_fit_is_refused(embedded: Model, mask: list[int]) -> None:
    with pytest.raises(InputError, match="attention_mask"):
        embedded.attend(token_ids=[101, 2003, 102], attention_mask=mask)


def test_padding_that_nothing_hides_is_told(embedded: Model) -> None:
    with pytest.warns(AttnvizWarning, match=r"end in padding \(0\)"):
        embedded.attend(token_ids=[101, 2003, 102, 0, 0])


def test_special_tokens_may_be_left_out(embedded: Model) -> None:
    assert texts(embedded.attend("the hat", add_special=False)) == ["the", "hat"]
    assert [texts(r) for r in embedded.attend_many(["a", "hat"], add_special=False)] == [
        ["a"],
        ["hat"],
    ]


def test_a_text_that_begins_with_what_is_added_to_it_is_told(embedded: Model) -> None:
    with pytest.warns(AttnvizWarning, match="begins with .*there twice"):
        embedded.attend("[CLS] the hat")


def test_a_text_longer_than_those_trained_on_is_told_about_once() -> None:
    model = attnviz.load()
    assert model.info.max_seq_length == 128 < model.spec.stacks[0].max_positions
    model.attend("hat " * 126, layers=[0])
    with pytest.warns(AttnvizWarning, match="129 tokens .* trained on texts of up to 128") as told:
        model.attend("hat " * 127, layers=[0])
    assert len(told) == 1
    model.attend("hat " * 128, layers=[0])
    with pytest.warns(AttnvizWarning, match="trained on"):
        attnviz.load().attend(token_ids=[101] * 129, layers=[0])


def test_a_chat_brings_its_special_tokens_with_it(tmp_path: Path) -> None:
    model = write(tmp_path, small("bert-plain", "wordpiece"), "wordpiece")
    settings = {
        "chat_template": "{{ cls_token }}{% for m in messages %}{{ m.content }}[SEP]{% endfor %}"
        "{% if add_generation_prompt %}it{% endif %}",
        "cls_token": "[CLS]",
    }
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings))
    said = model.chat([{"role": "user", "content": "the hat"}], generation_prompt=True)
    assert said == "[CLS]the hat[SEP]it"
    assert texts(model.attend(said)) == ["[CLS]", "the", "hat", "[SEP]", "it"]
    assert [texts(one) for one in model.attend_many([model.chat("hat")])] == [
        ["[CLS]", "hat", "[SEP]"]
    ]
    with pytest.warns(AttnvizWarning, match="there twice"):
        model.attend(said + "!")

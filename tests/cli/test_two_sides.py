"""Models with two sides: cross attention first, the other maps on request."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.document import write_json
from attnviz.result import AttentionMap, AttentionResult, ModelInfo
from tests.analysis.results import words


@pytest.fixture
def translation(tmp_path):
    """ "le chat dort" → "the cat sleeps": the target looks at its translation with 0.875."""
    source = words("le", "chat", "dort", "[EOS]")
    target = words("[START]", "the", "cat", "sleeps")
    cross = np.full((4, 4), 0.125 / 3)
    cross[1:, :3] += (0.875 - 0.125 / 3) * np.eye(3)
    cross[0] = [0, 0, 0, 1]
    maps = {
        "encoder": AttentionMap(np.eye(4)[None, None]),
        "decoder": AttentionMap(np.tril(np.ones((4, 4)) / np.arange(1, 5)[:, None])[None, None]),
        "cross": AttentionMap(cross[None, None]),
    }
    path = tmp_path / "translation.json"
    with path.open("wb") as stream:
        result = AttentionResult(
            source, maps, target_tokens=target, model=ModelInfo("translator", "marian", 1, 1)
        )
        write_json(result, stream)
    return path


def test_the_translation_is_shown_over_its_source(attnviz, translation):
    text = attnviz("render", translation).text
    assert "words of the other text" in text
    assert "the → le 0.88 in 0.0" in text and "cat → chat 0.88 in 0.0" in text


def test_another_map_is_shown_on_request(attnviz, translation):
    shown = attnviz("render", translation, "--map", "decoder", "--head", "0.0").text
    assert "sleeps" in shown and "chat" not in shown
    shown = attnviz("render", translation, "--map", "encoder", "--head", "0.0").text
    assert "chat" in shown and "sleeps" not in shown


def test_a_question_about_the_target_is_answered_from_the_source(attnviz, translation):
    assert "cat → chat 0.88 in head 0.0" in attnviz("render", translation, "--ask", "cat").text


def test_a_question_about_the_source_is_answered_from_the_source(attnviz, translation):
    text = attnviz("render", translation, "--ask", "chat").text
    assert "chat → " in text and "sleeps" not in text


def test_a_question_stays_within_the_map_that_was_asked_for(attnviz, translation):
    ended = attnviz("render", translation, "--map", "cross", "--ask", "chat")
    assert ended.code == 1 and "there are the, cat, sleeps" in ended.err


def test_the_title_counts_the_heads_of_the_side_that_is_shown(attnviz, tmp_path):
    source, target = words("le", "chat"), words("the", "cat")
    shapes = {"encoder": (3, 2), "decoder": (1, 4), "cross": (1, 4)}
    maps = {kind: AttentionMap(np.full((*shape, 2, 2), 0.5)) for kind, shape in shapes.items()}
    named = ModelInfo("t", "bart", 3, 2, n_target_layers=1, n_target_heads=4)
    for model in (named, ModelInfo("t")):
        with (tmp_path / "uneven.json").open("wb") as stream:
            write_json(AttentionResult(source, maps, target, model=model), stream)
        for kind, shape in shapes.items():
            size = "3 layers × 2 heads" if kind == "encoder" else "1 layer × 4 heads"
            for more in (["--head", "0.1"], ["--ask", "chat" if kind == "encoder" else "cat"]):
                shown = attnviz("render", "uneven.json", "--map", kind, *more).text
                assert shown.startswith(f"t · 4 tokens · {size}\n"), (shape, shown)


def test_special_tokens_of_both_sides_are_hidden(attnviz, translation):
    text = attnviz("render", translation, "--no-special", "--head", "0.0").text
    assert "[START]" not in text and "[EOS]" not in text and "of the weight" in text


def test_a_page_opens_at_the_map_in_which_the_word_asked_about_looks(
    attnviz, translation, tmp_path
):
    for word, kind in ("chat", "encoder"), ("cat", "cross"):
        assert attnviz("render", translation, "--ask", word, "-o", "a.html").code == 0
        assert f'"map":"{kind}"' in (tmp_path / "a.html").read_text().replace('": "', '":"')


def test_a_page_answers_where_no_head_looks_at_another_word(attnviz, tmp_path):
    alone = AttentionResult(words("cat"), {"decoder": AttentionMap(np.ones((1, 1, 1, 1)))})
    with (tmp_path / "alone.json").open("wb") as stream:
        write_json(alone, stream)
    assert attnviz("render", str(tmp_path / "alone.json"), "--ask", "cat", "-o", "a.html").code == 0

"""The English-French model translates, aligns, and is an ordinary folder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from statistics import mean

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import attnviz
from attnviz.analysis.alignment import align, best_alignment_head
from attnviz.analysis.view import make_view
from attnviz.result import Head
from tests.models.translations import (
    ALIGNED,
    FOLDER,
    REFERENCE,
    TEXTS,
    TRANSLATIONS,
    linked,
    share_found,
)

GUIDED = Head(1, 0)


@pytest.fixture(scope="module")
def model() -> attnviz.Model:
    return attnviz.load(FOLDER.name)


@pytest.fixture(scope="module")
def shuffled(tmp_path_factory: pytest.TempPathFactory) -> attnviz.Model:
    """The same weights, each matrix with its rows in another order."""
    folder = tmp_path_factory.mktemp("shuffled") / "model"
    shutil.copytree(FOLDER, folder)
    rng = np.random.default_rng(0)
    weights = load_file(FOLDER / "model.safetensors")
    save_file(
        {name: rng.permutation(w) for name, w in weights.items()}, folder / "model.safetensors"
    )
    return attnviz.load(folder)


def quality(model: attnviz.Model) -> float:
    """The mean share of words that are right, over our own sentences."""
    results = model.attend_many(TRANSLATIONS, max_new_tokens=24)
    written = [result.target_texts[0] for result in results]
    return mean(map(share_found, written, TRANSLATIONS.values()))


def alignment(model: attnviz.Model) -> float:
    """The share of words that the guided head links to their translation."""
    right = []
    for english, french, expected in ALIGNED:
        view = make_view(model.attend(english, target=french))
        links = align(view, GUIDED)
        found = linked(view.result, tuple((link.query, link.key) for link in links))
        right += [found[word] == other for word, other in expected.items()]
    return mean(right)


def test_it_translates(model: attnviz.Model) -> None:
    assert quality(model) >= 0.75


def test_it_writes_with_four_beams_unless_told_otherwise(model: attnviz.Model) -> None:
    text = "The old woman did not want to sell her little house."
    written, four = (model.attend(text, **how).target_texts for how in ({}, {"beams": 4}))
    assert model.rules.beams == 4 and written == four


def test_its_guided_head_aligns(model: attnviz.Model) -> None:
    assert model.alignment_head == GUIDED
    assert alignment(model) >= 0.85


def test_shuffled_weights_do_neither(shuffled: attnviz.Model) -> None:
    assert quality(shuffled) < 0.3
    assert alignment(shuffled) < 0.5


def test_the_head_that_reads_most_like_an_alignment_is_the_guided_one(model: attnviz.Model) -> None:
    views = [make_view(model.attend(text, target=target)) for text, target, _ in ALIGNED]
    assert best_alignment_head(views).head == GUIDED


@pytest.mark.parametrize("name", TEXTS)
def test_maps_and_translation_are_those_of_transformers(model: attnviz.Model, name: str) -> None:
    result = model.attend(TEXTS[name])
    with np.load(REFERENCE) as stored:
        assert [token.id for token in result.tokens] == stored[f"{name}.ids"].tolist()
        written = [token.id for token in result.target_tokens]
        assert written == stored[f"{name}.target_ids"].tolist()
        for kind, found in result.maps.items():
            expected = stored[f"{name}.{kind}"]
            np.testing.assert_allclose(found.weights, expected, rtol=0, atol=2e-5)


def test_a_translation_reads_as_french_is_written(model: attnviz.Model) -> None:
    text = "Qu'est-ce que l'homme a fait à Tom ? Il a payé 123 euros !"
    assert model.tokenizer.rebuild(list(model.tokenizer.encode(text).ids[:-1]), None).texts == (
        text,
    )


def test_the_weights_are_small_and_halved() -> None:
    size = (FOLDER / "model.safetensors").stat().st_size
    assert size <= 16_000_000
    weights = load_file(FOLDER / "model.safetensors")
    assert {(w.ndim, w.dtype.name) for w in weights.values()} == {(1, "float32"), (2, "float16")}


def test_the_folder_holds_the_model_its_card_and_what_made_it() -> None:
    assert {path.name for path in FOLDER.iterdir() if path.name != "__pycache__"} == {
        "README.md",
        "config.json",
        "generation_config.json",
        "make.py",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    config = json.loads((FOLDER / "config.json").read_text(encoding="utf-8"))
    assert config["architectures"] == ["MarianMTModel"]


def test_the_card_names_source_license_and_guided_head() -> None:
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    for said in ("Tatoeba", "CC BY 2.0 FR", f"head {GUIDED}", "BLEU", "chrF", "AER"):
        assert said in card
    assert "Tatoeba" in (Path(FOLDER).parents[2] / "NOTICE").read_text(encoding="utf-8")

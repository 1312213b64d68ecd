"""A model in torch's memory shows what it shows from its files, in every picture and document."""

from __future__ import annotations

import io
import warnings
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import attnviz
from attnviz.cli import main
from attnviz.result import AttentionResult

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

FOLDER = Path(attnviz.__file__).parent / "models/all-MiniLM-L6-v2"
TEXT = "he took the hat and examined it carefully"


@pytest.fixture(scope="module")
def ours() -> AttentionResult:
    """What our core computes from the files."""
    return attnviz.load().attend(TEXT)


@pytest.fixture(scope="module")
def outputs() -> tuple[Any, Any, Any]:
    """What transformers computes, its tokenizer and the ids that went in."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tokenizer = transformers.AutoTokenizer.from_pretrained(FOLDER)
        model = transformers.AutoModel.from_pretrained(
            FOLDER, attn_implementation="eager", dtype=torch.float32
        )
        ids = tokenizer(TEXT, return_tensors="pt")
        return model(**ids, output_attentions=True), tokenizer, ids["input_ids"]


def test_one_line_in_a_notebook_is_the_result_of_the_files(
    ours: AttentionResult, outputs: tuple[Any, Any, Any]
) -> None:
    found, tokenizer, ids = outputs
    assert found.attentions[0].requires_grad
    theirs = attnviz.show(found, tokenizer=tokenizer, ids=ids)
    weights = theirs.maps["encoder"].weights
    np.testing.assert_allclose(weights, ours.maps["encoder"].weights, atol=2e-5)
    assert theirs.tokens == ours.tokens and theirs.texts == ours.texts


def test_half_precision_keeps_what_it_has(outputs: tuple[Any, Any, Any]) -> None:
    found, tokenizer, ids = outputs
    halves = tuple(layer.to(torch.bfloat16) for layer in found.attentions)
    theirs = attnviz.from_attentions(halves, tokenizer=tokenizer, ids=ids)
    expected = torch.stack(halves)[:, 0].float().detach().numpy()
    np.testing.assert_array_equal(theirs.maps["encoder"].weights, expected)


@pytest.fixture(scope="module")
def theirs(ours: AttentionResult, outputs: tuple[Any, Any, Any]) -> AttentionResult:
    """The same weights in tensors of torch, under the name of the model that they are of."""
    _, tokenizer, ids = outputs
    tensors = tuple(
        torch.from_numpy(layer[None].copy()).requires_grad_()
        for layer in ours.maps["encoder"].weights
    )
    found = attnviz.show({"attentions": tensors}, tokenizer=tokenizer, ids=ids)
    return replace(found, model=ours.model)


def printed(result: AttentionResult, folder: Path, *options: str) -> str:
    """What the command line prints of a document."""
    result.save(folder / "result.json")
    with redirect_stdout(io.StringIO()) as out, pytest.raises(SystemExit):
        main(["render", str(folder / "result.json"), *options])
    return out.getvalue()


CHOICES: list[dict[str, Any]] = [
    {},
    {"head": "3.1"},
    {"layer": 2},
    {"mean": True},
    {"heads": "all"},
    {"ask": "it"},
    {"who": "hat"},
    {"tokens": True, "special": False},
]


@pytest.mark.parametrize(
    ("suffix", "choices"),
    [*((".png", choices) for choices in CHOICES), (".svg", {}), (".html", {"ask": "it"})],
    ids=str,
)
def test_pictures_are_the_same_to_the_byte(
    ours: AttentionResult,
    theirs: AttentionResult,
    choices: dict[str, Any],
    suffix: str,
    tmp_path: Path,
) -> None:
    for name, result in (("ours", ours), ("theirs", theirs)):
        result.save(tmp_path / f"{name}{suffix}", **choices)
    assert (tmp_path / f"ours{suffix}").read_bytes() == (tmp_path / f"theirs{suffix}").read_bytes()


@pytest.mark.parametrize("suffix", [".json", ".npz", ".csv"])
def test_documents_are_the_same_to_the_byte(
    ours: AttentionResult, theirs: AttentionResult, suffix: str, tmp_path: Path
) -> None:
    ours.save(tmp_path / f"ours{suffix}")
    theirs.save(tmp_path / f"theirs{suffix}")
    assert (tmp_path / f"ours{suffix}").read_bytes() == (tmp_path / f"theirs{suffix}").read_bytes()


@pytest.mark.parametrize("options", [[], ["--head", "3.1"], ["--heads", "all"], ["--ask", "it"]])
def test_the_terminal_shows_the_same(
    ours: AttentionResult, theirs: AttentionResult, options: list[str], tmp_path: Path
) -> None:
    shown = printed(ours, tmp_path, *options)
    assert shown and shown == printed(theirs, tmp_path, *options)

"""The gallery: its page says what its weights say, and its commands make its pictures."""

from __future__ import annotations

import importlib.util
import re
import shlex
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from typer import Context
from typer.main import get_command

import attnviz
from attnviz.analysis.choose import most_telling
from attnviz.analysis.specificity import head_statistics
from attnviz.analysis.view import make_view
from attnviz.cli import program
from attnviz.document import read

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "samples"
MODELS = ROOT.parent / "shared" / "checkpoints"
SOURCES = {"make.py", "gallery.toml", "README.md", "bees.md"}
MEGABYTE = 1 << 20


def imported(path: Path) -> ModuleType:
    """A module that is no part of a package."""
    spec = importlib.util.spec_from_file_location("gallery_make", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make = imported(SAMPLES / "make.py")
GALLERY = {sample.name: sample for sample in make.gallery()[1]}
COMMANDS = [command for sample in GALLERY.values() for command in sample.commands]


def test_readme_is_what_make_would_write() -> None:
    assert (SAMPLES / "README.md").read_text(encoding="utf-8") == make.page()


def test_first_numbers_are_those_of_the_model() -> None:
    result = attnviz.load().attend("He took the hat and examined it carefully")
    it_to_hat = result.maps["encoder"].weights[3, 1, 7, 4]
    assert f'"it" gives {it_to_hat:.2f} of its weight to "hat"' in GALLERY["hat"].explained
    assert f"it → hat {it_to_hat:.2f} in head 3.1" in (ROOT / "README.md").read_text("utf-8")
    assert "samples/hat.png" in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("voice", ["", "passive_"])
def test_readings_differ(voice: str) -> None:
    weight = GALLERY["readings"].weight
    hungry, ripe = f"{voice}hungry", f"{voice}ripe"
    assert weight(hungry, "3.1", "they", "farmers") > 0.5 > weight(ripe, "3.1", "they", "farmers")
    assert weight(hungry, "3.1", "they", "apples") < 0.5 < weight(ripe, "3.1", "they", "apples")


def test_trophy_is_preferred_where_the_suitcase_is_meant() -> None:
    weight = GALLERY["trophy"].weight
    for text in ("big", "small"):
        assert weight(text, "3.1", "it", "trophy") > weight(text, "3.1", "it", "suitcase")


def test_emoji_are_one_unknown_token_to_the_model() -> None:
    tokens = make.attended(*GALLERY["tokyo"].texts["tokyo"]).tokens
    ids = {token.text: token.id for token in tokens}
    assert ids["🗼"] == ids["🏯"] not in (ids["東"], ids["京"], ids["北"])


def test_page_opens_with_the_head_that_its_caption_names() -> None:
    view = make_view(make.attended(*GALLERY["page"].texts["coat"]))
    assert str(most_telling(view, "encoder", head_statistics(view, "encoder")).head) == "1.6"


@pytest.mark.parametrize("sample", GALLERY.values(), ids=GALLERY)
def test_every_caption_quotes_weights_and_no_other_numbers(sample: object) -> None:
    assert sample.quotes() or sample.task_quotes() or sample.findings()
    assert not re.findall(r"\b[01]\.\d\d\b", sample.caption)


@pytest.mark.parametrize("sample", GALLERY.values(), ids=GALLERY)
def test_no_quote_is_on_the_edge_of_rounding(sample: object) -> None:
    weights = [sample.weight(*quote) for quote in sample.quotes()]
    weights += [sample.found(*quote) for quote in sample.task_quotes()]
    assert all(abs(weight * 100 % 1 - 0.5) > 1e-3 for weight in weights)
    for what, of in sample.findings():
        value = sample.finding(what, of)
        assert len({make.spelt(what, value * near) for near in (0.9999, 1, 1.0001)}) == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_one(command: str) -> None:
    name, *words = shlex.split(command.partition(" > ")[0])
    assert name == "attnviz"
    whole = get_command(program())
    verb, found, rest = whole.resolve_command(Context(whole), words)
    assert found.make_context(verb, rest).params


@pytest.mark.parametrize("sample", GALLERY.values(), ids=GALLERY)
def test_commands_make_what_is_shown(sample: object) -> None:
    written = {Path(word).name for command in sample.commands for word in shlex.split(command)}
    taken = {Path(sample.screenshot["page"]).stem + ".png"} if sample.screenshot else set()
    assert set(sample.shows) <= written | taken
    for texts in [] if sample.document else sample.texts.values():
        if texts[0] in sample.commands[0]:
            assert set(texts) <= set(shlex.split(sample.commands[0]))


def test_folder_holds_what_is_shown_and_little_else() -> None:
    shown = {name for sample in GALLERY.values() for name in sample.shows}
    files = [path for path in SAMPLES.iterdir() if path.is_file()]
    assert {path.name for path in files} == shown | SOURCES
    assert sum(path.stat().st_size for path in files) < 3 * MEGABYTE


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder in which the commands can write, with the documents that they read."""
    (tmp_path / "samples").mkdir()
    for sample in GALLERY.values():
        if sample.document:
            copy = tmp_path / "samples" / sample.document
            copy.write_bytes((SAMPLES / sample.document).read_bytes())
    return tmp_path


@pytest.mark.parametrize(
    ("name", "file", "begins"),
    [
        ("ask", "ask.png", b"\x89PNG"),
        ("dates", "dates.png", b"\x89PNG"),
        ("keys", "keys.pdf", b"%PDF"),
    ],
)
def test_command_draws(name: str, file: str, begins: bytes, root: Path) -> None:
    make.perform(GALLERY[name].commands[-1], root)
    assert (root / "samples" / file).read_bytes().startswith(begins)


def test_text_of_a_terminal_is_made_again_as_it_is(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    make.perform(GALLERY["trophy"].commands[0], root)
    again = (root / "samples" / "trophy.txt").read_text(encoding="utf-8")
    assert again == (SAMPLES / "trophy.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["dates", "story"])
@pytest.mark.skipif(not MODELS.is_dir(), reason="the models of these documents are not here")
def test_document_is_made_again_as_it_is(name: str, root: Path) -> None:
    document = GALLERY[name].document
    (root / "samples" / document).unlink()
    make.perform(GALLERY[name].commands[0], root, MODELS=str(MODELS))
    (again,) = read((root / "samples" / document).read_bytes())
    (committed,) = read((SAMPLES / document).read_bytes())
    assert again.tokens == committed.tokens
    assert again.model.sha256 == committed.model.sha256
    for kind, map in committed.maps.items():
        np.testing.assert_allclose(again.maps[kind].weights, map.weights, atol=1e-5)

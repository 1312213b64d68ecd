"""Draw the gallery again, every picture by the command shown under it, and write README.md."""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import re
import shlex
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from shutil import which
from string import Template
from textwrap import fill
from typing import Any

import numpy as np

from attnviz.analysis.alignment import Aligned
from attnviz.analysis.ask import find_word
from attnviz.analysis.choose import default_kind
from attnviz.analysis.cuts import CutEffect
from attnviz.analysis.measured import HeadMeasures
from attnviz.analysis.probes import Probes
from attnviz.analysis.view import View, make_view
from attnviz.cli import main as attnviz
from attnviz.cutting import cut as cut_link
from attnviz.document import read
from attnviz.findings import labels
from attnviz.model import Model, load
from attnviz.probing import heads, probe
from attnviz.render.numbers import short
from attnviz.result import AttentionResult, Head, Token
from attnviz.tasks.classify import Classified, classify, load_classifier
from attnviz.tasks.hierarchical import load_sentence_attention
from attnviz.tasks.sentences import read_document
from attnviz.tasks.summarize import Summary, summarize
from attnviz.tasks.translate import DEFAULT_TRANSLATOR, translate

HERE = Path(__file__).resolve().parent
QUOTE = re.compile(r"\{(?:(\w+) )?(\d+\.\d+|mean) (\S+) → (\S+)\}")
TASK_QUOTE = re.compile(r"\{(probability|attention|adds|weight|joined)(?: (\S+))?\}")
FINDING = re.compile(r"\{(previous|finds|rule|labelled|moves|median|nearest|beats) ([^{}]+)\}")
CHROMIUM = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--hide-scrollbars", "--virtual-time-budget=3000"),
)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One entry of gallery.toml."""

    name: str
    title: str
    shows: list[str]
    commands: list[str]
    caption: str
    texts: dict[str, list[str]] = field(default_factory=dict)
    document: str | None = None
    tokens: bool = False
    screenshot: dict[str, Any] | None = None

    @cached_property
    def explained(self) -> str:
        """The caption with each quote replaced by the weight it names."""
        text = QUOTE.sub(lambda quote: f"{self.weight(*quote.groups()):.2f}", self.caption)
        text = TASK_QUOTE.sub(lambda quote: f"{self.found(*quote.groups()):.2f}", text)
        text = FINDING.sub(lambda quote: spelt(quote[1], self.finding(*quote.groups())), text)
        return fill(text.strip(), 100, break_on_hyphens=False)

    def quotes(self) -> list[tuple[str, ...]]:
        """Every quote of the caption: text, head, query and key."""
        return QUOTE.findall(self.caption)

    def weight(self, text: str | None, head: str, query: str, key: str) -> float:
        """The weight that a quote names."""
        view = self.view(text)
        map = view.map(kind := default_kind(view))
        weights = map.weights.mean(axis=(0, 1)) if head == "mean" else map.head(Head.parse(head))
        column = weights[:, place(view.keys(kind), key)]
        return float(column.mean() if query == "*" else column[place(view.queries(kind), query)])

    def task_quotes(self) -> list[tuple[str, ...]]:
        """Every quote of the caption that is about a label or a sentence: what, and of which."""
        return TASK_QUOTE.findall(self.caption)

    def found(self, what: str, unit: str | None = None) -> float:
        """The number that such a quote names: of a word as ``it:2``, of a sentence as ``#3``."""
        if what == "weight":
            return float(summarized(self.texts["file"][0]).weights[int((unit or "#0")[1:]) - 1])
        if what == "joined":
            pair = translated(self.texts["plain"][0])
            return pair.links[place(pair.target, unit or "")].weight
        result = classified(self.texts["plain"][0])
        if what == "probability":
            return result.probability
        numbers = result.attention if what == "attention" else result.margins
        return float(numbers[place(result.words, unit or "")])

    def findings(self) -> list[tuple[str, ...]]:
        """Every quote of the caption that is about what heads do: what, and of which."""
        return FINDING.findall(self.caption)

    def finding(self, what: str, of: str) -> float:
        """The number that such a quote names: of head 0.2, ``det → head by 2.8``, a cut link."""
        if what == "previous":
            return measured(*self.texts["plain"]).of(Head.parse(of))[what]
        if what in ("moves", "median", "nearest", "beats"):
            effect = cut(*self.texts["plain"], of)
            near = effect.nearest.effect if effect.nearest else math.nan
            median, share = float(np.median(effect.others)), effect.percentile or 0.0
            return {"moves": effect.effect, "median": median, "nearest": near, "beats": share}[what]
        if what == "rule":
            return max(probed()[of].baselines().values())
        relation, _, head = of.rpartition(" by ")
        if what == "finds":
            return probed()[relation].accuracy(Head.parse(head)).share
        [label] = (one for one in labels(model())[Head.parse(head)] if one.what == relation)
        return label.value

    def view(self, text: str | None = None) -> View:
        """The result that a quote is about, by the units that the picture shows."""
        if self.document:
            return make_view(read((HERE / self.document).read_bytes())[0], words=not self.tokens)
        return make_view(
            attended(*self.texts[text or next(iter(self.texts))]), words=not self.tokens
        )


def place(units: Sequence[Token], asked: str) -> int:
    """Where a word stands, or which position ``#3`` is."""
    return int(asked[1:]) if asked.startswith("#") else find_word(units, asked).position


@lru_cache
def model() -> Model:
    """The embedded model."""
    return load()


@lru_cache
def attended(text: str, pair: str | None = None) -> AttentionResult:
    """What the embedded model attends to."""
    return model().attend(text, pair=pair)


@lru_cache
def measured(text: str) -> HeadMeasures:
    """What all heads do in a text."""
    return heads(model(), [text])


@lru_cache
def probed() -> Probes:
    """What the heads find in made sentences."""
    return probe(model())


@lru_cache
def cut(text: str, where: str) -> CutEffect:
    """What changes where a link is cut: ``it->hat`` in all heads, or ``it->hat in 3.1``."""
    link, _, head = where.partition(" in ")
    return cut_link(model(), text, link, heads=[Head.parse(head)] if head else None)


def spelt(what: str, value: float) -> str:
    """A number as a caption has it: shares of others in percent, distances in two digits."""
    if what == "beats":
        return f"{value:.0%}"
    return short(value) if what in ("moves", "median", "nearest") else f"{value:.2f}"


@lru_cache
def classified(text: str) -> Classified:
    """What the classifier that comes with attnviz makes of a text."""
    (found,) = classify(load_classifier(), model(), [text])
    return found


@lru_cache
def translated(text: str) -> Aligned:
    """A text and what the translator that comes along makes of it, word by word."""
    (found,) = translate(load(DEFAULT_TRANSLATOR), [text])
    return found.aligned


@lru_cache
def summarized(file: str) -> Summary:
    """What the sentence attention that comes with attnviz makes of a file."""
    document = read_document((HERE.parent / file).read_text(encoding="utf-8"))
    return summarize(document, 1, attention=load_sentence_attention(), model=model())


def gallery() -> tuple[str, list[Sample]]:
    """The introduction and all samples."""
    with (HERE / "gallery.toml").open("rb") as file:
        contents = tomllib.load(file)
    return contents["intro"], [Sample(**entry) for entry in contents["sample"]]


def perform(command: str, root: Path, **values: str) -> None:
    """Run a command of the program as a shell in ``root`` would: with $NAMES and ``> FILE``."""
    program, *words = (Template(word).substitute(values) for word in shlex.split(command))
    if program != "attnviz":
        raise ValueError(f"the gallery shows commands of attnviz, not '{program}'")
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.chdir(root))
        if ">" in words:
            words, (_, file) = words[:-2], words[-2:]
            out = stack.enter_context(Path(file).open("w", encoding="utf-8"))
            stack.enter_context(contextlib.redirect_stdout(out))
        try:
            attnviz(words)
        except SystemExit as end:
            if end.code:
                raise


def screenshot(page: str, at: str, width: int, height: int) -> None:
    """Photograph a page in headless Chromium, where there is one; the picture is named after it."""
    browser = which("chromium") or which("chromium-browser") or which("google-chrome")
    if browser is None:
        print(f"no Chromium here, so the picture of {page} stays as it is", file=sys.stderr)  # noqa: T201
        return
    target = (HERE / page).with_suffix(".png")
    with tempfile.TemporaryDirectory() as profile:
        where = (f"--user-data-dir={profile}", f"--window-size={width},{height}")
        address = (HERE / page).as_uri() + at
        subprocess.run(
            [browser, *CHROMIUM, *where, f"--screenshot={target}", address],
            check=True,
            capture_output=True,
            timeout=120,
        )


def draw(sample: Sample, models: str | None) -> None:
    """Run the commands of a sample; those that need models we do not have keep their document."""
    for command in sample.commands:
        if models is not None or "$MODELS" not in command:
            perform(command, HERE.parent, MODELS=models or "")
    if sample.screenshot:
        screenshot(**sample.screenshot)


def page() -> str:
    """README.md: every sample with its picture, its command and what is to be seen."""
    intro, samples = gallery()
    return "\n\n".join(["# Gallery", intro.strip(), *map(section, samples)]) + "\n"


def section(sample: Sample) -> str:
    """One sample of README.md."""
    first, *others = sample.shows
    if first.endswith(".txt"):
        shown = f"```text\n{(HERE / first).read_text(encoding='utf-8').rstrip()}\n```"
    else:
        shown = f"![{sample.title}]({first})"
    links = "".join(f"\n\nAlso: [{name}]({name})" for name in others)
    commands = "\n".join(sample.commands)
    return f"## {sample.title}\n\n{shown}{links}\n\n{sample.explained}\n\n```sh\n{commands}\n```"


def main() -> None:
    """Draw what is asked for, or everything, and write README.md."""
    samples = gallery()[1]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="draw only these samples")
    parser.add_argument(
        "--models",
        default=os.environ.get("MODELS"),
        help="the folder of the models that are not embedded; without it, their documents stay",
    )
    chosen = parser.parse_args()
    if unknown := set(chosen.names) - {sample.name for sample in samples}:
        parser.error(f"there is no sample '{min(unknown)}'")
    models = chosen.models and str(Path(chosen.models).resolve())
    for sample in samples:
        if sample.name in chosen.names or not chosen.names:
            draw(sample, models)
    (HERE / "README.md").write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()

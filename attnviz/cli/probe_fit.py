"""``attnviz probe --fit``: a lens fitted to annotated text, kept for the model or written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from attnviz.cli.estimates import print_estimate
from attnviz.cli.failures import Misuse
from attnviz.cli.reading import BadLines
from attnviz.cli.tables import print_table
from attnviz.cli.watched import watched
from attnviz.output import all_or_nothing, naming
from attnviz.render.probe_forms import interval

if TYPE_CHECKING:
    from attnviz.analysis.lenses import Lens
    from attnviz.analysis.training import Score
    from attnviz.model import Model


BESIDES = "Fitting the lens to what they give comes on top of that."

Output = tuple[str, BinaryIO]
"""A file by its name."""


def require_fit(
    trees: Sequence[str], plain: Sequence[str], output: Sequence[str] | None, *, each: bool
) -> None:
    """Refuse what does not go with a lens."""
    if plain or not trees:
        raise Misuse("--fit learns from annotated text; give it with --conllu FILE")
    if each:
        raise Misuse("--fit makes one lens of all files; leave out --each")
    if len(output or ()) > 1:
        raise Misuse("--fit writes one lens; give one -o")


@contextmanager
def opened_lens(output: list[str] | None) -> Iterator[Output | None]:
    """The file for a lens and its name, if it is not just kept; it appears once it is written."""
    with all_or_nothing([Path(name) for name in output or ()]) as streams:
        yield (output[0], streams[0]) if output else None


@dataclass(frozen=True, slots=True)
class Fit:
    """A relation, the treebanks that show it, and where they are read."""

    relation: str
    trees: Sequence[str]
    bad: BadLines
    cluster: str | None
    as_json: bool

    def run(self, model: Model, output: Output | None) -> None:
        """Fit a lens, write or keep it, and print how it does."""
        from attnviz import probing

        tell = self.bad.tell
        with watched(self.cluster, model, self.trees, then="fitting a lens") as there:
            found = probing.fit_lens(model, self.relation, self.trees, tell=tell, place=there)
        self._print(_kept(model, found[0], output), found[1])

    def estimate(self, model: Model) -> None:
        """Say what its passages take: those it learns from, and those it is tried on."""
        from attnviz import probing
        from attnviz.corpus.lens_training import examples_job, part_text, to_answer, to_learn

        documents = probing.documents_for(self.relation, self.trees, self.bad.tell)
        given = model, self.relation, documents
        parts, job = chain(to_learn(*given), to_answer(*given)), examples_job(self.relation)
        print_estimate(
            model,
            job,
            parts,
            part_text,
            cluster=self.cluster,
            as_json=self.as_json,
            besides=BESIDES,
        )

    def _print(self, place: str, score: Score) -> None:
        shares = {"accuracy": score.accuracy, "joint with nothing": score.joint}
        if score.nouns.high - score.nouns.low < 1:
            shares |= {"nouns": score.nouns, "followed": score.followed}
        if self.as_json:
            said = {key: one._asdict() for key, one in shares.items()}
            document = {"lens": place, **said, "calibration error": score.calibration}
            print(json.dumps(document))  # noqa: T201
            return
        rows = [[key, interval(one)] for key, one in shares.items()]
        rows += [["calibration error", f"{score.calibration:.3f}"], ["lens", place]]
        print_table(rows)


def _kept(model: Model, lens: Lens, output: Output | None) -> str:
    """Where the lens is from now on."""
    from attnviz import findings
    from attnviz.analysis.lens_file import dump_lens

    if output is None:
        return str(findings.keep_lens(model, lens))
    name, stream = output
    with naming(Path(name)):
        stream.write(dump_lens(lens).encode())
    return name

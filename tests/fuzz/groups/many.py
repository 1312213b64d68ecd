"""Many texts from files: broken lines, fields, chats, and files of results to go on with."""

from __future__ import annotations

import io
import json
from pathlib import Path
from random import Random

import attnviz
from attnviz.document import write_json
from tests.fuzz.groups.commands import TREEBANK, damaged
from tests.fuzz.groups.program import typed
from tests.fuzz.judge import Case, by_program
from tests.fuzz.values import TEXTS, broken_bytes, broken_json

__all__ = ["Many"]

LINES = ("The hat.", "It rained.", "", "He saw it.")
WAYS = (
    ["--json"], ["--top", "2"], ["--ask", "it"], ["-o", "x.json"], ["-o", "x.html"], ["--mean"],
    ["-o", "x.csv"], ["--json", "--by", "word"], ["--lines"], ["--skip-bad"], ["--chat"], [],
)  # fmt: skip


class Many:
    """``run`` and ``translate`` with -f, --lines, --field, --chat and --resume."""

    def __init__(self, place: Path) -> None:
        self.place = place
        model = attnviz.load()
        stream = io.BytesIO()
        for line in LINES[:2]:
            result = model.attend(line, layers=[0])
            write_json(result, stream)
        written = [json.loads(line) for line in stream.getvalue().splitlines()]
        self.results = [{**one, "line": n} for n, one in enumerate(written, 1)]

    def case(self, random: Random) -> Case:
        """A file of texts, as it should be or damaged, and what is to become of it."""
        for path in self.place.glob("x.*"):
            path.unlink()
        name = random.choice(("x.txt", "x.jsonl", "x.conllu", "x.txt", "x.jsonl", "-"))
        data = self._texts(random, name)
        words = ["run", "--layer", "0", "--truncate"]
        if random.random() < 0.1:
            words = ["translate", "--plain", "--max-new-tokens", "3"]
        if name != "-":
            (self.place / name).write_bytes(data)
        words += ["-f", name] if random.random() < 0.95 else ["--lines", "-"]
        if random.random() < 0.2:
            words += ["--field", typed(random.choice(("text", "n", *TEXTS)))]
        if words[0] == "run":
            words += self._resumed(random) if random.random() < 0.4 else random.choice(WAYS)
        return by_program(*words, stdin=data, environment={"HF_HUB_OFFLINE": "1"})

    def _texts(self, random: Random, name: str) -> bytes:
        content = "\n".join(LINES)
        if name == "x.jsonl":
            content = "\n".join(json.dumps({"text": line, "n": 1}) for line in LINES)
            if random.random() < 0.4:
                odd = broken_json(random, {"text": "a", "n": [1, {"text": "b"}]})
                return content.encode() + b"\n" + odd
        if name == "x.conllu":
            content = TREEBANK * 2
        return damaged(random, content) if random.random() < 0.7 else content.encode()

    def _resumed(self, random: Random) -> list[str]:
        """A file to go on with: whole, cut, of other texts, or no such file at all."""
        lines = [json.dumps(one).encode() + b"\n" for one in self.results]
        kind = random.randrange(6)
        path = self.place / "x.resumed.json"
        if kind == 0:
            lines[-1] = broken_json(random, self.results[-1]) + b"\n"
        if kind == 1:
            lines[-1] = lines[-1][: random.randrange(len(lines[-1]))]
        if kind < 4:
            whole = b"".join(lines)
            path.write_bytes(broken_bytes(random, whole) if kind == 2 else whole)
        elif kind == 4:
            path = Path(random.choice(("/dev/full", "/dev/null", ".", "/proc/version", "x.txt")))
        return [
            "--resume",
            str(path),
            *random.choice(([], [], ["--skip-bad"], ["--precision", "3"])),
        ]

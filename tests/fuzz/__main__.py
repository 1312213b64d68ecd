"""The campaign's own command line: spreads groups over processes, and reports what they found."""

from __future__ import annotations

import argparse
import selectors
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

SILENCE = 300.0  # seconds after which a process that says nothing is taken for hung
BATCH = 2000  # inputs of one process, whose memory then goes back
SHARES = {
    "config": 20, "safetensors": 16, "tokenizers": 10, "tokenizer-files": 6, "adapters": 4,
    "gguf": 8, "quantised": 4, "pickles": 8, "arrays": 4, "documents": 20,
    "foreign": 8, "texts": 8, "options": 12, "outputs": 5, "commands": 8, "many": 4, "kept": 6,
    "chats": 6, "hub": 3, "pages": 2, "command-pages": 1,
}  # fmt: skip


class Campaign:
    """Counts what was tried and keeps what was found, also in a file."""

    def __init__(self, seed: int, log: Path | None) -> None:
        self.seed, self.log = seed, log
        self.tried: Counter[str] = Counter()
        self.succeeded: Counter[str] = Counter()
        self.found: list[str] = []

    def run(self, group: str, first: int, count: int, until: float) -> None:
        """Try a range of inputs, starting a new process behind one that ends a process."""
        at = first
        while at < first + count and time.time() < until:
            at = self._batch(group, at, min(BATCH, first + count - at), until)

    def _batch(self, group: str, first: int, count: int, until: float) -> int:
        """Try inputs in one process; returns the number to go on with."""
        with tempfile.TemporaryDirectory(prefix="attnviz-fuzz-") as folder:
            words = (group, self.seed, first, count, until, folder)
            with subprocess.Popen(
                [sys.executable, "-m", "tests.fuzz.worker", *map(str, words)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            ) as process:
                begun = -1
                for words in self._lines(process):
                    if words[0] == "begun":
                        begun = int(words[1])
                    elif words[0] == "ended":
                        self.tried[group] += 1
                        code, _, complaint = words[2].partition(" ")
                        self.succeeded[group] += code == "0"
                        if complaint:
                            self.find(group, begun, complaint)
                    elif words[0] == "made":
                        self.find(group, begun, f"the input could not be made: {words[2]}")
                    elif words[0] == "hung":
                        process.kill()
                        self.find(group, begun, f"hung for {SILENCE:.0f} seconds")
                    elif words[0] == "done":
                        process.wait()
                        return first + count if time.time() < until else sys.maxsize
                process.wait()
                if process.returncode:
                    why = process.stderr.read()[-300:] if process.stderr else ""
                    if begun < 0:  # of this program, and so would all others
                        raise RuntimeError(f"{group} could not begin: {why}")
                    self.find(group, begun, f"the process ended by {process.returncode} {why}")
            return begun + 1

    def _lines(self, process: subprocess.Popen[str]):
        """The words of each line that a process prints, or "hung" once it has long been silent."""
        assert process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while True:
                if not selector.select(SILENCE):
                    yield ["hung"]
                    return
                line = process.stdout.readline()
                if not line:
                    return
                yield [word for word in line.rstrip("\n").split(" ", 2) if word]

    def find(self, group: str, number: int, what: str) -> None:
        """Keep what was found, with what makes the input again."""
        line = f"{group}:{self.seed}:{number} {what}"
        self.found.append(line)
        print(line, flush=True)
        if self.log:
            with self.log.open("a") as log:
                print(line, file=log)


def main() -> int:
    """Try as many inputs as there is time for, or so many, and say how many and what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--count", type=int, help="inputs of each group, instead of minutes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the number to begin with")
    parser.add_argument("--group", choices=[*SHARES], action="append")
    parser.add_argument("--one", metavar="GROUP:SEED:NUMBER", help="a single input again")
    parser.add_argument("--log", type=Path)
    given = parser.parse_args()
    if given.one:
        group, seed, number = given.one.split(":")
        campaign = Campaign(int(seed), given.log)
        campaign.run(group, int(number), 1, time.time() + 600)
        print(f"{campaign.tried[group]} tried, {len(campaign.found)} findings")
        return bool(campaign.found)
    campaign = Campaign(given.seed, given.log)
    groups = given.group or [*SHARES]
    whole = sum(SHARES[group] for group in groups)
    for group in groups:
        until = time.time() + (1e6 if given.count else given.minutes * 60 * SHARES[group] / whole)
        campaign.run(group, given.first, given.count or 10**9, until)
    total = sum(campaign.tried.values())
    for group, n in campaign.tried.items():
        print(f"{group}: {n:,} inputs, of which {campaign.succeeded[group]:,} gave a result")
    print(f"{total:,} inputs, {len(campaign.found)} findings")
    return bool(campaign.found)


if __name__ == "__main__":
    sys.exit(main())

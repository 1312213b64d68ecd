"""What is typed: texts, options and the places that results go to."""

from __future__ import annotations

import os
import socket
import stat
import threading
from contextlib import suppress
from pathlib import Path
from random import Random

import attnviz
from attnviz.document import write_json
from tests.fuzz.judge import Case, by_library, by_program
from tests.fuzz.values import NUMBERS, TEXTS, text
from tests.support.results import encoder, translator

__all__ = ["Options", "Outputs", "Texts"]

WITH_VALUES = (
    "--head", "--layer", "--heads", "--map", "--ask", "--width", "--size", "--dpi", "--palette",
    "--title", "--font", "--precision", "--top", "--pair", "--target", "--generate", "-m",
    "--max-new-tokens", "-o", "--color", "--by", "--min", "--vmin", "--vmax", "--from", "--to",
)  # fmt: skip
FLAGS = ("--mean", "--tokens", "--no-special", "--json", "--no-title", "--numbers", "--no-numbers",
         "--lines", "--truncate", "--offline", "--help", "--version", "--", "-", "-x", "--frob",
         "--no-notes", "--no-add-special", "--chat")  # fmt: skip
SENSIBLE = ("0", "1", "0.1", "1.0", "all", "encoder", "cross", "ship", "it:2", "80", "3x3", "100",
            "grey", "magma", "3", "the hat", "0.1,1.1", "never", "x.png", "x.svg", "x.pdf",
            "x.html", "x.json", "x.npz", "x.csv")  # fmt: skip
FIGURES = (".png", ".svg", ".pdf")
WRITERS = (
    ["explain", "--toy", "a b"], ["explain", "positions", "-n", "3", "--d-model", "4"],
    ["explain", "the hat"], ["heads", "the hat"], ["compare", "a hat", "a cat"],
    ["classify", "a film"], ["classify", "fit", "none.tsv"], ["probe", "--fit", "nsubj"],
    ["translate", "a hat", "--target", "un chapeau"], ["summarize", "-", "--by", "lead"],
    ["run", "the hat", "--layer", "0"], ["run", "--lines", "-", "--layer", "0"],
)  # fmt: skip


def document(place: Path, name: str = "document.json") -> Path:
    """A small document."""
    with (place / name).open("wb") as stream:
        write_json(encoder("the ship ##wright mend ##ed it", layers=1, heads=2), stream)
    return place / name


def typed(word: str) -> str:
    """A word as the system hands it over: without NUL, any byte, and not longer than it takes."""
    whole = "\ud800" not in word
    data = word.replace("\0", "")[:100_000].encode(
        "utf-8", "surrogateescape" if whole else "replace"
    )
    return data.decode("utf-8", "surrogateescape")


class Texts:
    """Texts for the embedded model, as arguments and on standard input."""

    def __init__(self, place: Path) -> None:
        self.model = attnviz.load()
        self.document = document(place)

    def case(self, random: Random) -> Case:
        """A text that is encoded, attended to, or given to the program."""
        given, pair = text(random), random.choice((None, None, text(random)))
        kind = random.randrange(30)
        if kind < 24:
            return by_library(lambda: self.model.encode(given, pair, truncate=kind < 5))
        if kind < 27:
            layers = [random.randrange(7)]
            return by_library(
                lambda: self.model.attend(given, pair=pair, layers=layers, truncate=True)
            )
        if kind < 29:
            data = given.encode("utf-8", random.choice(("surrogatepass", "replace")))
            some = random.choice((["--lines"], ["--json"], ["--ask", "hat"], ["--top", "3"], []))
            return by_program("run", "-", "--layer", "0", "--truncate", *some, stdin=data)
        return by_program(
            "run", typed(given), "--layer", "0", "--truncate", "--ask", typed(random.choice(TEXTS))
        )


class Options:
    """Options of ``render`` and ``run`` with sensible and senseless values."""

    def __init__(self, place: Path) -> None:
        self.place, self.document = place, document(place)
        self.two = place / "two.json"
        with self.two.open("wb") as stream:
            write_json(encoder(), stream)
            write_json(translator(), stream)

    def case(self, random: Random) -> Case:
        """A command line; most render a document, and few draw figures, which take long."""
        for path in self.place.glob("x.*"):
            path.unlink()
        words: list[str] = []
        for _ in range(random.choice((0, 1, 1, 2, 3, 6))):
            if random.random() < 0.4:
                words.append(random.choice(FLAGS))
                continue
            values = (SENSIBLE, SENSIBLE, TEXTS, tuple(map(_number, NUMBERS)))
            words += [random.choice(WITH_VALUES), typed(random.choice(random.choice(values)))]
        if random.random() < 0.9:
            words = [word for word in words if not word.endswith(FIGURES)]
        command = random.choice(
            ("render", "render", "render", "run", "models", random.choice(TEXTS))
        )
        given = {
            "render": [str(random.choice((self.document, self.two)))],
            "run": ["-m", "./none", "a"],
            "models": ["show", "./none"],
        }.get(command, [])
        return by_program(typed(command), *given, *words, environment={"HF_HUB_OFFLINE": "1"})


def _number(value: float) -> str:
    return str(value) if not isinstance(value, int) or abs(value) < 10**300 else "9" * 400


class Outputs:
    """Places for ``-o`` of every command: files, links, folders, pipes, sockets, devices."""

    def __init__(self, place: Path) -> None:
        self.place, self.document = place / "out", document(place)
        self.rendered = ["render", str(self.document)]
        self.place.mkdir()
        (self.place / "folder.json").mkdir()
        (self.place / "locked").mkdir(mode=0o500)
        os.mkfifo(self.place / "pipe.json")
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(self.place / "socket.json"))
        self._server = server
        for name, target in (
            ("circle.json", "circle.json"), ("null.json", "/dev/null"), ("full.json", "/dev/full"),
            ("out.json", "/dev/stdout"), ("out.png", "/dev/stdout"), ("new.json", "made.json"),
            ("lost.json", "nowhere/x.json"), ("link.json", "old.json"), ("pipes.csv", "pipe.json"),
            ("zero.html", "/dev/zero"), ("up.json", "../up.json"), ("far.json", "pipe.json/x.json"),
        ):  # fmt: skip
            (self.place / name).symlink_to(target)
        (self.place / "old.json").write_text("old")
        self.names = sorted(path.name for path in self.place.iterdir())
        self.kinds = {name: _kind(self.place / name) for name in self.names}

    def case(self, random: Random) -> Case:
        """One or two places; afterwards each is still of the kind that it was."""
        chosen = [self._name(random) for _ in range(random.choice((1, 1, 2)))]
        words = [word for name in chosen for word in ("-o", name)]
        if random.random() < 0.2:
            words.append(random.choice(("--json", "--ask", "--mean", "--tokens")))
        if words[-1] == "--ask":
            words.append(random.choice(("ship", "nobody")))
        reader = os.open(self.place / "pipe.json", os.O_RDONLY | os.O_NONBLOCK)
        pump = threading.Thread(target=_drain, args=(reader,), daemon=True)
        pump.start()

        def check() -> str | None:
            with suppress(OSError):  # nobody reads it any more
                os.close(os.open(self.place / "pipe.json", os.O_WRONLY | os.O_NONBLOCK))
            pump.join(5)
            changed = [n for n in self.names if _kind(self.place / n) != self.kinds[n]]
            return f"changed what {changed} are" if changed else None

        rendered = words[-1] == "--json" or "--" in "".join(words) or random.random() < 0.6
        command = self.rendered if rendered else random.choice(WRITERS)
        return by_program(*command, *words, check=check)

    def _name(self, random: Random) -> str:
        if random.random() < 0.75:
            return str(self.place / random.choice(self.names))
        suffix = random.choice((".json", ".csv", ".npz", ".html", ".svg", "", ".PNG", ".gif"))
        if random.random() < 0.3:
            return random.choice(("/dev/stdout", "/dev/null", "/dev/fd/1", "/dev/full", "/", "."))
        return str(self.place / (typed(random.choice(TEXTS))[:300] + suffix))


def _kind(path: Path) -> tuple[int, int]:
    found = path.lstat()
    same = not stat.S_ISREG(found.st_mode)
    return stat.S_IFMT(found.st_mode), found.st_ino if same else 0


def _drain(descriptor: int) -> None:
    """Read a pipe until nobody writes into it any more."""
    import select
    import time

    begun = time.monotonic()
    while time.monotonic() - begun < 20:
        ready, _, _ = select.select([descriptor], [], [], 0.05)
        if ready and not os.read(descriptor, 1 << 16):
            if time.monotonic() - begun > 0.02:
                break
            time.sleep(0.005)
    os.close(descriptor)

"""Pages of all commands in Chromium, of texts and titles that would act if they could."""

from __future__ import annotations

from pathlib import Path
from random import Random

from tests.fuzz.groups.documents import InChromium, encodable
from tests.fuzz.groups.program import typed
from tests.fuzz.judge import Case, by_program
from tests.fuzz.values import TEXTS

__all__ = ["CommandPages"]

COMMANDS: tuple[list[str], ...] = (
    ["explain"], ["explain", "--toy"], ["classify"], ["classify", "--why"], ["translate"],
    ["heads"], ["compare"], ["run", "--truncate"], ["summarize", "x.txt", "--by", "lexrank"],
    ["summarize", "x.txt", "--words"], ["explain", "positions", "-n", "9"],
)  # fmt: skip
HASHES = ("", "#screen=3", "#9", "#-1", "#view=lines", "#%", "#step=../..")


class CommandPages(InChromium):
    """A command, a text that is hostile, and its page opened at an address of chance."""

    def case(self, random: Random) -> Case:
        """What writes a page; where one was written, nothing in it may run or ask a network."""
        self.page.unlink(missing_ok=True)
        command = random.choice(COMMANDS)
        text = " ".join(
            encodable(random.choice((*TEXTS, "It is late.", "</svg><script>hit=1</script>"))[:300])
            for _ in range(random.choice((1, 2, 4)))
        )
        Path("x.txt").write_text(text)
        given = [] if "positions" in command or "x.txt" in command else [typed(text)]
        if command == ["compare"]:
            given += ["It is late."]
        if command == ["translate"]:
            given += ["--target", typed(encodable(random.choice(TEXTS)[:300]))]
        if random.random() < 0.5 and command != ["heads"]:
            given += ["--title", typed(encodable(random.choice(TEXTS)[:300]))]
        address = random.choice((*HASHES, "#" + encodable(random.choice(TEXTS)[:200])))
        given = [" " + word if word[:1] == "-" and word != "--title" else word for word in given]
        return by_program(
            *command, *given, "-o", self.page, environment={"HF_HUB_OFFLINE": "1"},
            check=lambda: self._look(address) if self.page.exists() else None,
        )  # fmt: skip

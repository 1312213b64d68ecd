"""The commands that do something with attention: files and options that nobody expects."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

from tests.fuzz.groups.program import typed
from tests.fuzz.judge import Case, by_program
from tests.fuzz.values import NUMBERS, TEXTS, broken_bytes, broken_json, text

__all__ = ["TREEBANK", "Commands", "damaged"]

TREEBANK = """# newdoc id = one
# text = The cat sat because it was tired.
1\tThe\tthe\tDET\tDT\t_\t2\tdet\t_\tEntity=(1-animal
2\tcat\tcat\tNOUN\tNN\t_\t3\tnsubj\t_\tEntity=1)
3\tsat\tsit\tVERB\tVBD\t_\t0\troot\t_\t_
4\tbecause\tbecause\tSCONJ\tIN\t_\t7\tmark\t_\t_
5\tit\tit\tPRON\tPRP\t_\t7\tnsubj\t_\tEntity=(1-animal)
6\twas\tbe\tAUX\tVBD\t_\t7\tcop\t_\t_
7\ttired\ttired\tADJ\tJJ\t_\t3\tadvcl\t_\tSpaceAfter=No
8\t.\t.\tPUNCT\t.\t_\t3\tpunct\t_\t_

"""
MARKDOWN = (
    "# Bees\n\nBees fly. They make honey, which **bears** eat!\n\n- one\n- two `code`\n\n"
    "| a | b |\n|---|---|\n| 1 | 2 |\n\n```\nx = 1\n```\n\n> Said Dr. Who. It's late.\n"
)
MATRIX = [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]
WORDS = "The ship sank. Nobody saw it, and it was late."
SENSIBLE = ("0", "1", "0.1", "3", "nsubj", "coreference", "entropy", "attention", "lexrank", "lead",
            "encoder", "none", "d_model", "xavier", "it:2", "x.html", "x.json", "x.svg",
            "ship", "80", "text", "grey", "it->ship", "3x3", "Il est tard.")  # fmt: skip
OPTIONS = {
    "classify": ("--why", "--lines", "--truncate", "--json", "-o", "--title", "--palette", "-m",
                 "--width", "--frob"),
    "summarize": ("-n", "--words", "--by", "--lines", "--json", "-o", "--width", "--vmax", "-m"),
    "heads": ("--map", "--tokens", "--truncate", "--field", "--sort", "--json", "--csv",
              "--skip-bad"),
    "probe": ("--fit", "--json", "--skip-bad", "-o"),
    "lens": ("--fit", "-o", "--json", "--skip-bad"),
    "fit": ("--seed", "--frob", "--offline"),
    "cut": ("--link", "--head", "--layer", "--all", "--search", "--truncate", "--json", "-m"),
    "compare": ("--with", "--head", "--json", "-o", "--width", "--size", "--vmin", "--palette"),
    "positions": ("-n", "--d-model", "--json", "-o", "--width", "--size", "--dpi", "--title"),
    "translate": ("--target", "--plain", "--head", "--beams", "--max-new-tokens", "--from", "--to",
                  "--lines", "--json", "-o", "--truncate", "--width", "--font"),
    "explain": ("--word", "--head", "--causal", "--no-positions", "--scale", "--json", "--pair",
                "--map", "--truncate", "--matrices", "--width", "-o"),
    "toy": ("--word", "--head", "--heads", "--causal", "--scale", "--json", "--d-model",
            "--d-head", "--seed", "--init", "--tied", "--x", "--q", "--k", "--v", "-o", "--width"),
}  # fmt: skip
FLAGS = frozenset(("--why", "--lines", "--truncate", "--json", "--words", "--tokens", "--csv",
                   "--skip-bad", "--causal", "--no-positions", "--matrices", "--tied", "--all",
                   "--search", "--plain", "--offline", "--frob"))  # fmt: skip
KINDS = ("classify", "summarize", "heads", "probe", "explain", "toy", "toy", "cut", "compare",
         "positions", "translate", "fit", "lens")  # fmt: skip
LABELLED = "good film\tyes\nbad film\tno\nfine work\tyes\npoor work\tno\n" * 3


class Commands:
    """classify, summarize, heads, probe, explain, cut, compare and translate."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.head = place / "head"
        self.head.mkdir()
        self.folder = place / "lens"

    def case(self, random: Random) -> Case:
        """One command, with a broken file where it takes one and a few options."""
        kind = random.choice(KINDS)
        for path in self.place.glob("x.*"):
            path.unlink()
        given = getattr(self, f"_{kind}")(random)
        words = []
        for _ in range(random.choice((0, 0, 1, 2, 4))):
            option = random.choice(OPTIONS[kind])
            words.append(option)
            if option not in FLAGS:
                words.append(self._value(random, option))
        stdin = text(random).encode("utf-8", "surrogatepass") if "-" in given else b""
        return by_program(*given, *words, stdin=stdin, environment={"HF_HUB_OFFLINE": "1"})

    def _value(self, random: Random, option: str) -> str:
        if option == "-m":
            return str(self._damaged_head(random))
        if option in ("--x", "--q", "--k", "--v") and random.random() < 0.6:
            return random.choice((".1 .2; .3 .4", ".1 .2 .3", "1;2", str(self._matrix(random))))
        values = (SENSIBLE, SENSIBLE, TEXTS, [str(n)[:400] for n in NUMBERS if abs(n) < 10**300])
        value = typed(random.choice(random.choice(values)))
        return value if option != "-o" or "/" not in value else "x.json"

    def _classify(self, random: Random) -> list[str]:
        return ["classify", random.choice(("-", typed(text(random)), WORDS))]

    def _summarize(self, random: Random) -> list[str]:
        if random.random() < 0.2:
            return ["summarize", "-"]
        return ["summarize", self._file(random, "x.md", MARKDOWN)]

    def _heads(self, random: Random) -> list[str]:
        kind = random.randrange(4)
        if kind == 0:
            return ["heads", typed(text(random)[:300])]
        lines = "".join(json.dumps({"text": WORDS, "n": i}) + "\n" for i in range(3))
        name, content = [("x.jsonl", lines), ("x.conllu", TREEBANK), ("x.txt", WORDS)][kind - 1]
        return ["heads", "-f", self._file(random, name, content)]

    def _probe(self, random: Random) -> list[str]:
        return ["probe", "--conllu", self._file(random, "x.conllu", TREEBANK * 2)]

    def _lens(self, random: Random) -> list[str]:
        return [*self._probe(random), "--fit", random.choice(("nsubj", "head", "coreference"))]

    def _fit(self, random: Random) -> list[str]:
        file = self._file(random, "x.tsv", LABELLED)
        place = random.choice(("fitted", "fitted", "x.tsv", "none/x", typed(random.choice(TEXTS))))
        return ["classify", "fit", file, "-o", place if "/" not in place[:1] else "fitted"]

    def _cut(self, random: Random) -> list[str]:
        some = random.choice((["--link", "it->ship"], ["--head", "3.1"], ["--link", "it"], []))
        given = typed(text(random)[:200])
        return ["cut", given if random.random() < 0.4 else WORDS, *some]

    def _compare(self, random: Random) -> list[str]:
        given = [typed(text(random)[:200]) if random.random() < 0.5 else WORDS for _ in range(2)]
        return ["compare", *given]

    def _positions(self, random: Random) -> list[str]:
        some = random.choice((["-m", "all-MiniLM-L6-v2"], ["-m", str(self._damaged_head(random))]))
        return ["explain", "positions", *(some if random.random() < 0.3 else [])]

    def _translate(self, random: Random) -> list[str]:
        given = typed(text(random)[:200])
        short = ["--max-new-tokens", "5"] if random.random() < 0.5 else []
        return ["translate", given if random.random() < 0.5 else "It is late.", *short]

    def _explain(self, random: Random) -> list[str]:
        return ["explain", typed(text(random)[:200]) if random.random() < 0.5 else WORDS]

    def _toy(self, random: Random) -> list[str]:
        return ["explain", "--toy", typed(random.choice(TEXTS))[:200]] if random.random() < 0.7 \
            else ["explain", "--toy", "This is book"]  # fmt: skip

    def _matrix(self, random: Random) -> Path:
        path = self.place / "x.matrix.json"
        path.write_bytes(broken_json(random, MATRIX))
        return path

    def _damaged_head(self, random: Random) -> Path:
        """A folder of a classifier whose description lies."""
        about = {"task": "classify", "labels": ["a", "b"], "n_labels": 2, "layers": [3]}
        about |= {"model": "all-MiniLM-L6-v2", "d_model": 384, "d_attention": 2}
        (self.head / "head.json").write_bytes(broken_json(random, about))
        return self.head

    def _file(self, random: Random, name: str, content: str) -> str:
        """A file whose text, or whose bytes, are damaged."""
        path = self.place / name
        path.write_bytes(damaged(random, content))
        return str(path)


def damaged(random: Random, content: str) -> bytes:
    """A text with lines in it that nobody expects, or with other bytes, or both."""
    data = content.encode()
    if random.random() < 0.5:
        lines = content.split("\n")
        for _ in range(random.choice((1, 3))):
            lines[random.randrange(len(lines))] = random.choice((*TEXTS, "\t" * 9, "1-2\tx"))
        data = "\n".join(lines).encode("utf-8", "surrogatepass")
    return broken_bytes(random, data) if random.random() < 0.6 else data

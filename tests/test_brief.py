"""Whatever is public says what it is in one short line."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from dataclasses import dataclass, field, is_dataclass
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import attnviz
from attnviz.analysis.explain.toy import Drawing, draw_toy
from attnviz.brief import MOST, brief
from tests.support.walks import hat

TEXT = "He took the hat and examined it carefully"
PARTS = ("analysis", "model", "tasks", "tokenizer", "result")
WIDE = re.compile(r"Array|Sequence|Mapping|Half|tuple\[.*\.\.\.\]")


@pytest.fixture(scope="module")
def model():
    return attnviz.load()


@pytest.fixture(scope="module")
def result(model):
    return model.attend(TEXT)


@dataclass
class Record:
    """What ``brief`` is tried on."""

    value: object
    more: object = None
    folder: str = field(default="secret", repr=False)

    __repr__ = brief


class Pair(NamedTuple):
    one: object
    other: int = 3

    def __repr__(self) -> str:
        return brief(self)


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (Record(1), "Record(value=1)"),
        (Record(1 / 3, "it"), "Record(value=0.3333, more='it')"),
        (Record(np.zeros((2, 3), np.float32)), "Record(value=float32 (2, 3))"),
        (Record((1, "a")), "Record(value=(1, 'a'))"),
        (Record(("a",)), "Record(value=('a',))"),
        (Record(range(7)), "Record(value=(7 × int))"),
        (Record([1, "a", 2, 3]), "Record(value=(4 × …))"),
        (Record({"a": 1}), "Record(value={'a'})"),
        (Record(dict.fromkeys("abcd")), "Record(value={4 × …})"),
        (Record("x" * 99), f"Record(value='{'x' * 38}…)"),
        (Record(Record(1)), "Record(value=Record(value=1))"),
        (Record(Record("x" * 38)), "Record(value=Record(…))"),
        (Pair("a"), "Pair(one='a')"),
        (Pair("a", 4), "Pair(one='a', other=4)"),
        (Record("x" * 40, Record("y")), f"Record(value='{'x' * 38}…, more=Record(value='y'))"),
    ],
)
def test_a_record_is_told_by_what_is_not_as_by_default(record, said):
    assert repr(record) == said


def test_a_line_that_is_full_ends():
    @dataclass
    class Many:
        a: str
        b: str
        c: str
        d: str
        e: str

        __repr__ = brief

    assert repr(Many(*["x" * 38] * 5)).endswith(f"a={'x' * 38!r}, b={'x' * 38!r}, …)")


values = st.recursive(
    st.none() | st.text() | st.binary() | st.integers() | st.floats(),
    lambda some: (
        st.lists(some)
        | st.tuples(some)
        | st.dictionaries(st.text(), some)
        | st.builds(Record, some, some)
        | st.builds(Pair, some)
    ),
)


@given(values, values)
def test_whatever_a_record_holds_it_is_one_short_line(value, more):
    said = repr(Record(value, more))
    assert len(said) <= MOST
    assert said.isprintable()


OFFERED = {
    "model": lambda model, result: model,
    "info": lambda model, result: model.info,
    "weights": lambda model, result: model.weights,
    "tokenizer": lambda model, result: model.tokenizer,
    "encode": lambda model, result: model.encode(TEXT),
    "result": lambda model, result: result,
    "map": lambda model, result: result.maps["encoder"],
    "words": lambda model, result: result.words(),
    "token": lambda model, result: result.tokens[4],
    "link": lambda model, result: result.links()[0],
    "answer": lambda model, result: result.ask("it"),
    "who": lambda model, result: result.who("hat"),
    "claim": lambda model, result: result.claims()[-1],
    "figure": lambda model, result: result.figure(head="3.1"),
    "pooled": lambda model, result: model.pooled(TEXT, 4),
    "walk": lambda model, result: hat(),
    "recorded": lambda model, result: hat().recorded,
    "toy": lambda model, result: draw_toy(["a", "b"], Drawing()),
    "positions": lambda model, result: model.positions(8),
    "cut": lambda model, result: attnviz.cut(model, TEXT, "it->hat", heads="3.1"),
    "silenced": lambda model, result: attnviz.cut(model, TEXT, heads="3.1,2.4"),
    "ranked": lambda model, result: attnviz.search_cuts(model, "took hats", n=1)[0][0],
    "comparison": lambda model, result: attnviz.compare(model, TEXT, TEXT.replace("hat", "cup")),
    "alike": lambda model, result: attnviz.compare(result, result),
    "change": lambda model, result: attnviz.compare(model, TEXT, "He took it").changes(1)[0],
    "searched": lambda model, result: attnviz.search_cuts(model, "took hats"),
    "heads": lambda model, result: attnviz.heads(model, [TEXT]),
    "probes": lambda model, result: attnviz.probe(model, texts=[TEXT]),
    "probe": lambda model, result: attnviz.probe(model, texts=[TEXT])["next word"],
}


@pytest.mark.parametrize("name", OFFERED)
def test_what_is_offered_is_one_short_line(model, result, name):
    said = repr(OFFERED[name](model, result))
    assert len(said) <= MOST
    assert said.isprintable()


def test_answers_say_the_answer(model, result):
    assert repr(result.ask("it")) == "<WordAttention of 'it': 'hat' 0.80 in head 3.1>"
    assert repr(result.who("hat")) == "<WordAttention to 'hat': 'it' 0.80 in head 3.1>"
    assert repr(result.claims()[-1]) == "<Claim 'coreference' of 'it': 'hat' 0.93>"
    assert repr(hat()) == "<Explanation of 'it' in head 3.1: 'hat' 0.80 of 10 keys>"
    assert repr(result.tokens[7]) == "Token(text='it', id=2009, start=29, end=31, word=6)"


def modules(part: str) -> list[str]:
    whole = importlib.import_module(f"attnviz.{part}")
    inner = pkgutil.walk_packages(getattr(whole, "__path__", ()), f"attnviz.{part}.")
    return [f"attnviz.{part}", *(module.name for module in inner)]


@pytest.mark.parametrize("name", [name for part in PARTS for name in modules(part)])
def test_data_with_many_numbers_is_never_printed_whole(name):
    """A dataclass that may hold arrays or sequences says itself what it is."""
    module = importlib.import_module(name)
    for cls in vars(module).values():
        if inspect.isclass(cls) and cls.__module__ == name and is_dataclass(cls):
            kinds = vars(cls).get("__annotations__") or inspect.get_annotations(cls)
            if cls.__name__[0] != "_" and any(WIDE.search(str(kind)) for kind in kinds.values()):
                assert not hasattr(cls.__repr__, "__wrapped__"), cls  # which dataclass makes

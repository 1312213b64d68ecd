"""Many packs on processes of this machine: the numbers of one process, and nothing left of them."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import attnviz
from attnviz import memory
from attnviz.corpus import here, packs, processes
from attnviz.corpus.attended import attended_job
from attnviz.corpus.head_measures import text_of
from attnviz.corpus.here import Here
from attnviz.corpus.lines import Text
from attnviz.corpus.packs import packs_of, refuse_one, taken
from attnviz.errors import InputError
from tests.model.made import small, write

N_TEXTS = 1200
WORDS = ("he", "took", "the", "hat", "and", "it")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> attnviz.Model:
    folder = tmp_path_factory.mktemp("reader")
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 20}')
    return write(folder, small("bert-plain", "wordpiece"), "wordpiece")


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Texts of many lengths, each another."""
    draw = random.Random(5)
    return [" ".join(draw.choices(WORDS, k=draw.randint(2, 6))) for _ in range(N_TEXTS)]


@pytest.fixture(autouse=True)
def many_small_packs(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # nothing is known of this model
    monkeypatch.setattr(packs, "PACK_BYTES", 1000)
    monkeypatch.setattr(processes, "available_cores", lambda: 2)
    monkeypatch.setattr(here, "SOON", 1e9)


@pytest.fixture
def begun(monkeypatch) -> list[subprocess.Popen[bytes]]:
    """The processes that begin, as soon as there are packs for them."""
    monkeypatch.setattr(here, "SOON", 0)
    monkeypatch.setattr(here, "room_for_processes", lambda: True)
    found: list[Any] = []

    def begin(command: list[str], **how: Any) -> subprocess.Popen[bytes]:
        found.append(subprocess.Popen(command, **how))
        return found[-1]

    monkeypatch.setattr(processes, "Popen", begin)
    return found


def same(one: Any, other: Any) -> bool:
    counts = [(found.n_texts, found.n_queries, found.names) for found in (one, other)]
    return counts[0] == counts[1] and np.array_equal(one.values, other.values, equal_nan=True)


def watched(texts: Iterable[str], when: int, what: Any) -> Iterator[str]:
    for number, text in enumerate(texts):
        if number == when:
            what()
        yield text


@pytest.fixture
def expected(model, texts):
    return attnviz.heads(model, texts)


def test_processes_give_the_bits_of_one_process_and_end(model, texts, expected, begun):
    found = attnviz.heads(model, texts)
    assert same(found, expected)
    assert found.model == expected.model  # however long it took
    assert len(begun) == 2 and all(one.returncode is not None for one in begun)


def test_results_come_in_order_with_their_lines(model, texts, begun, monkeypatch):
    lines = [Text(text, number) for number, text in enumerate(texts, 1)]
    job = attended_job({}, "raw", model.info)

    def results() -> list[attnviz.AttentionResult]:
        return [*chain.from_iterable(taken(Here(model).each(job, [packed()]), refuse_one))]

    def packed() -> Iterator[list[Text]]:
        return packs_of(lines, text_of)

    there = results()
    assert begun
    monkeypatch.setattr(here, "SOON", 1e9)
    assert [one.line for one in there] == [one.line for one in lines]
    for one, other in zip(results(), there, strict=True):
        assert (one.texts, one.tokens, one.model) == (other.texts, other.tokens, other.model)
        assert np.array_equal(one.maps["encoder"].weights, other.maps["encoder"].weights)


@pytest.mark.parametrize("n_lost", [1, 2])
def test_what_a_lost_process_had_is_computed_all_the_same(model, texts, expected, begun, n_lost):
    def lose() -> None:
        for one in begun[:n_lost]:
            one.send_signal(signal.SIGKILL)

    assert same(attnviz.heads(model, watched(texts, 700, lose)), expected)
    assert len(begun) == 2


def test_without_new_processes_packs_stay_here(model, texts, expected, begun, monkeypatch):
    def none(*_: object, **__: object) -> None:
        raise BlockingIOError

    monkeypatch.setattr(processes, "Popen", none)
    assert same(attnviz.heads(model, texts), expected)


def test_a_model_whose_folder_has_changed_is_that_which_was_read(tmp_path, texts, begun):
    model = write(tmp_path, small("bert-plain", "wordpiece"), "wordpiece")
    model.sha256()
    expected = attnviz.heads(model, texts)
    (tmp_path / "config.json").unlink()
    begun.clear()
    assert same(attnviz.heads(model, texts), expected)
    assert len(begun) == 2


def test_errors_are_those_of_one_process(model, texts, begun):
    with pytest.raises(InputError, match=r"but .* has 24 positions"):
        attnviz.heads(model, [*texts[:800], "hat " * 40, *texts[800:]])
    assert begun and all(one.returncode is not None for one in begun)


@pytest.mark.parametrize("at", [0, 900])
def test_a_text_that_is_too_long_is_warned_of_once(model, texts, begun, at):
    model.told_of_length = False
    given = [*texts]
    given[at:at] = ["hat " * 20]
    given[1000:1000] = ["hat " * 21]
    with pytest.warns(attnviz.AttnvizWarning, match="trained on texts of up to 20") as told:
        attnviz.heads(model, given)
    assert begun and len(told) == 1


def test_whoever_asks_for_no_more_ends_them(model, texts, begun):
    job = attended_job({}, "raw", model.info)
    found = Here(model).each(job, [packs_of(map(Text, texts), text_of)])
    while not begun:
        next(found)
    next(found)
    assert all(one.poll() is None for one in begun)
    found.close()
    assert all(one.returncode is not None for one in begun)


def test_few_packs_and_little_memory_begin_none(model, texts, begun, monkeypatch):
    attnviz.heads(model, texts[:60])
    assert not begun
    monkeypatch.setattr(here, "room_for_processes", processes.room_for_processes)
    monkeypatch.setattr(memory, "available_to_others", lambda: None)
    monkeypatch.setattr(memory, "peak", lambda: 1)
    for name, value in (
        ("available_to_others", 1),
        ("peak", processes.LARGEST + 1),
        ("peak", None),
    ):
        with monkeypatch.context() as there:
            there.setattr(memory, name, lambda value=value: value)
            attnviz.heads(model, texts[:300])
    with monkeypatch.context() as there:
        there.setattr(processes, "available_cores", lambda: 1)
        attnviz.heads(model, texts[:300])
    assert not begun
    attnviz.heads(model, texts[:300])
    assert len(begun) == 2


PROGRAM = """
import sys
from attnviz.cli import main
from attnviz.corpus import here, processes

begin = processes.Popen

def told(*given, **how):
    process = begin(*given, **how)
    print(process.pid, flush=True)
    return process

here.SOON, here.room_for_processes = 0, lambda: True
processes.Popen, processes.available_cores = told, lambda: 2
main()
"""


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_ends_them_with_the_program(model, texts, tmp_path: Path, number):
    (tmp_path / "a.txt").write_text("\n".join(texts * 100))
    given = ["heads", "-f", "a.txt", "-m", str(model.folder)]
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *given],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as program:
        assert program.stdout and program.stderr
        pids = [int(program.stdout.readline()) for _ in range(2)]
        time.sleep(1)
        os.killpg(program.pid, number) if number == signal.SIGINT else program.send_signal(number)
        assert program.wait(timeout=30) == (-number if number == signal.SIGKILL else 128 + number)
        assert program.stderr.read() == ""
    until = time.monotonic() + 30
    while not all(map(gone, pids)) and time.monotonic() < until:
        time.sleep(0.05)
    assert all(map(gone, pids))

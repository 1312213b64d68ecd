"""Files of any size and pipes that never end: bounded memory, and runs that go on."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from attnviz.cli import heads_resume
from attnviz.corpus import packs
from tests.model.made import small, write

# A program that writes as many lines as it is told, as one that never ends would.
LINES = """
import sys
for number in range(int(sys.argv[1])):
    print("he took the hat" if number % 2 else "it was not his")
"""
ROWS = ["he PRON 2 nsubj", "took VERB 0 root", "the DET 4 det", "hat NOUN 2 obj"]
SENTENCES = f"""
import sys
rows = [row.split() for row in {ROWS}]
for number in range(int(sys.argv[1])):
    for at, (form, upos, head, relation) in enumerate(rows, 1):
        print(at, form, "_", upos, "_", "_", head, relation, "_", "_", sep=chr(9))
    print()
"""
# And one that counts what another writes, and says the most memory that it had. Between them and
# the tests stands this process, for a child's memory begins with that of whoever forked it.
COUNTED = """
import json, os, subprocess, sys
writer = subprocess.Popen([sys.executable, "-c", *sys.argv[1:3]], stdout=subprocess.PIPE)
run = subprocess.Popen(sys.argv[3:], stdin=writer.stdout, stdout=subprocess.PIPE)
writer.stdout.close()
n_lines, last = 0, b""
for last in run.stdout:
    n_lines += 1
_, status, usage = os.wait4(run.pid, 0)
print(json.dumps([os.waitstatus_to_exitcode(status), n_lines, last.decode(), usage.ru_maxrss]))
"""
MEGABYTE = 1 << 10  # in the units of ru_maxrss
LIMIT = 400 * MEGABYTE
reads_memory = pytest.mark.skipif(
    not hasattr(os, "wait4"), reason="the system does not say a child's memory"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("reader")
    write(path, small("bert-plain", "wordpiece"), "wordpiece")
    return path


def streamed(folder, written, n, *command):
    """The lines a command writes that reads a pipe: how many, the last, and the most memory."""
    given = [sys.executable, "-m", "attnviz", *command, "-m", str(folder)]
    ended = subprocess.run(
        [sys.executable, "-c", COUNTED, written, str(n), *given],
        stdout=subprocess.PIPE,
        check=True,
    )
    code, n_written, last, peak = json.loads(ended.stdout)
    assert code == 0
    return n_written, last, peak


@reads_memory
@pytest.mark.parametrize(
    ("command", "sizes"),
    [
        ("run --json --head 0.0 --lines -", (800, 2_400)),
        ("heads --json --lines -", (1_000, 3_500)),
        ("explain --json --lines -", (100, 400)),
        ("probe --json --conllu /dev/stdin", (400, 1_600)),
    ],
    ids=lambda given: given.split()[0] if isinstance(given, str) else None,
)
def test_memory_does_not_grow_with_the_lines(folder, command, sizes):
    """A few packs fill what is used over again; several times as many lines take no more."""
    written = SENTENCES if command.startswith("probe") else LINES
    found = [streamed(folder, written, n, *command.split()) for n in sizes]
    (few, _, before), (many, _, after) = found
    each = command.startswith(("run", "explain"))
    assert (few, many) == (sizes if each else (1, 1))
    assert after < before + 12 * MEGABYTE and after < LIMIT


@reads_memory
def test_a_million_lines_are_measured_in_400_megabytes(folder):
    n_written, last, peak = streamed(folder, LINES, 1_000_000, "heads", "--json", "--lines", "-")
    assert (n_written, json.loads(last)["texts"]) == (1, 1_000_000)
    assert peak < LIMIT


@pytest.fixture
def stopping(monkeypatch):
    """Interrupt the program when some packs have been added."""

    def stop(after):
        add, left = heads_resume.Kept.add, [after]

        def adding(kept, done):
            add(kept, done)
            left[0] -= 1
            if not left[0]:
                raise KeyboardInterrupt

        monkeypatch.setattr(heads_resume.Kept, "add", adding)

    return stop


@pytest.mark.parametrize("after", [1, 3])
def test_heads_go_on_where_they_stopped_with_the_same_bits(
    attnviz, folder, tmp_path, monkeypatch, stopping, after
):
    monkeypatch.setattr(packs, "PACK_BYTES", 200)
    lines = [f"he took {'the hat ' * (n % 5)}" for n in range(60)]
    (tmp_path / "a.txt").write_text("\n".join(lines))
    run = ("heads", "-f", "a.txt", "--json", "-m", folder)
    whole = attnviz(*run)
    with monkeypatch.context() as patch:
        stopping(after)
        assert attnviz(*run, "--resume", "sums.npz").code == 130
        patch.undo()
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(packs, "PACK_BYTES", 200)
    for _ in range(2):  # the second time there is nothing left to add
        ended = attnviz(*run, "--resume", "sums.npz")
        assert (ended.code, ended.out) == (0, whole.out)


def test_what_no_heads_can_go_on_with_is_refused_and_left(attnviz, folder, tmp_path):
    (tmp_path / "a.txt").write_text("he took the hat\nit was not his\n")
    (tmp_path / "b.txt").write_text("he took the hat\nit was\n")
    run = ("heads", "-m", folder, "--resume", "sums.npz")
    assert attnviz(*run, "-f", "a.txt").code == 0
    kept = (tmp_path / "sums.npz").read_bytes()
    for more, said in [
        (["-f", "a.txt", "--tokens"], "holds no sums of this model with these options"),
        (["-f", "b.txt"], "line 2 is another text"),
    ]:
        ended = attnviz(*run, *more)
        assert (ended.code, ended.err.count("\n")) == (1, 1) and said in ended.err
        assert (tmp_path / "sums.npz").read_bytes() == kept
    assert attnviz(*run, "a text").code == 2
    (tmp_path / "sums.npz").write_bytes(kept[:100])
    assert "holds no sums" in attnviz(*run, "-f", "a.txt").err


def test_who_waits_for_heads_is_told_how_far_they_have_come(attnviz, folder, monkeypatch, tmp_path):
    from attnviz.cli import progress

    monkeypatch.setattr(progress, "on_terminal", lambda: True)
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    said = []
    monkeypatch.setattr(progress.Progress, "update", lambda _, what: said.append(what))
    (tmp_path / "a.txt").write_text("he took the hat\n" * 1000)
    assert attnviz("heads", "-f", "a.txt", "--json", "-m", folder).code == 0
    assert said[-1].startswith("1,000 texts, ") and said[-1].endswith("about 0 s left")
    assert json.dumps(said).count("tokens a second") == len(said)


def test_sums_that_no_run_can_have_written_are_refused(attnviz, folder, tmp_path):
    (tmp_path / "a.txt").write_text("he took the hat\nit was not his\n")
    run = ("heads", "-m", folder, "--resume", "sums.npz", "-f", "a.txt")
    assert attnviz(*run).code == 0
    with np.load(tmp_path / "sums.npz") as file:
        head, sums = json.loads(str(file["head"])), file["sums"]
    of = head["of"]
    for told, numbers in [
        (head, sums[:1]),
        (head, sums * np.nan),
        (head, sums.astype(np.float32)),
        (head, np.array("x")),
        (head | {"of": of | {"names": ["\x1b[31m", *of["names"][1:]]}}, sums),
        (head | {"of": of | {"layers": [2**70, *of["layers"][1:]]}}, sums),
        (head | {"of": of | {"n_texts": "many"}}, sums),
        (head | {"of": []}, sums),
        (head | {"last": ["x"]}, sums),
        (head | {"last": ["x", None]}, sums),
        ([], sums),
    ]:
        np.savez(tmp_path / "sums.npz", head=np.array(json.dumps(told)), sums=numbers)
        ended = attnviz(*run)
        assert (ended.code, ended.err.count("\n")) == (1, 1)
        assert "holds no sums of this model" in ended.err
    (tmp_path / "sums.npz").unlink()
    os.mkfifo(tmp_path / "sums.npz")
    assert "holds no sums of this model" in attnviz(*run).err

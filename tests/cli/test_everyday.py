"""What is said and shown around the results: help, colours, progress, what was written."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time

import pytest

from attnviz.cli import COMMANDS, progress
from attnviz.cli.progress import Progress
from attnviz.render.style import PALETTES
from tests.cli.test_process import on_a_terminal, run


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "ATTNVIZ_MODEL", "COLORTERM", "BROWSER"):
        monkeypatch.delenv(name, raising=False)


# help


@pytest.mark.parametrize("command", ["run", "render"])
def test_help_comes_in_panels_and_asking_and_writing_come_first(command):
    lines = (
        run(command, "--help", env={**os.environ, "COLUMNS": "100"}).stdout.decode().splitlines()
    )
    options = [line.split()[0] for line in lines if line.startswith("  -")]
    assert options[:2] == ["--ask", "-o,"]
    panels = [line for line in lines if line.endswith(":") and not line.startswith(" ")]
    assert panels[-1] == "More:" and {"What to look at:", "Figures and pages:"} < set(panels)
    assert "--help" in lines[lines.index("More:") + 1]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_has_its_panel(command):
    """But --help, which stands under More."""
    said = run(command, "--help").stdout.decode()
    more = said.partition("\nMore:\n")[2].splitlines()
    assert command == "models" or [line.split()[0] for line in more if line[:3] == "  -"] == ["-h,"]


def test_help_names_every_palette():
    said = " ".join(run("render", "--help").stdout.decode().split())
    assert all(name in said.partition("Colours: ")[2][:60] for name in PALETTES)


@pytest.mark.parametrize(
    ("words", "at", "expected"),
    [
        ("attnviz models show all-", 3, b"all-MiniLM-L6-v2"),
        ("attnviz run a --model all-", 4, b"all-MiniLM-L6-v2"),
        ("attnviz cut a -m all-", 4, b"all-MiniLM-L6-v2"),
        ("attnviz heads a -m all-", 4, b"all-MiniLM-L6-v2"),
        ("attnviz probe -m all-", 3, b"all-MiniLM-L6-v2"),
        ("attnviz compare a --with all-", 4, b"all-MiniLM-L6-v2"),
        ("attnviz render a --color al", 4, b"always"),
        ("attnviz run a --head 5.1", 4, b"5.1 5.10 5.11"),
        ("attnviz cut a --head 5.1", 4, b"5.1 5.10 5.11"),
        ("attnviz compare a --head 5.1", 4, b"5.1 5.10 5.11"),
        ("attnviz heads a --sort s", 4, b"spread special self same"),
        ("attnviz heads a --sort dup", 4, b"duplicate"),
        ("attnviz heads a --weights ro", 4, b"rollout"),
        ("attnviz heads a --map c", 4, b"cross"),
        ("attnviz explain a --map d", 4, b"decoder"),
        ("attnviz run a --heads al", 4, b"all"),
        ("attnviz run a --heads 3.1,0.7", 4, b"3.1,0.7"),
    ],
)
def test_names_are_completed(monkeypatch, tmp_path, words, at, expected):
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setenv("_ATTNVIZ_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(at))
    ended = subprocess.run(
        [sys.executable, "-c", "from attnviz.cli import main; main()"], capture_output=True
    )
    assert ended.stdout.split() == expected.split()


# colours


def test_colours_may_be_asked_for_where_nobody_would_expect_them(document):
    plain = run("render", document)
    for environment in ({}, {"NO_COLOR": "1"}, {"TERM": "dumb"}):
        ended = run("render", document, "--color", "always", env={**os.environ, **environment})
        assert ended.returncode == 0 and b"\x1b[" in ended.stdout
    assert b"\x1b" not in plain.stdout
    assert run("render", document, "--color", "auto").stdout == plain.stdout


def test_colours_may_be_refused_on_a_terminal(document):
    code, shown = on_a_terminal(["render", document, "--color", "never"])
    assert code == 0 and "\x1b[" not in shown


def test_only_three_words_say_when(document):
    ended = run("render", document, "--color", "sometimes")
    assert ended.returncode == 2 and b"auto, always or never" in ended.stderr


# what was written


def test_a_terminal_is_told_what_was_written(document, tmp_path):
    places = [tmp_path / "a.png", tmp_path / "a.json"]
    code, shown = on_a_terminal(
        ["render", document, "--size", "5x4", "--dpi", "100", "-o", places[0], "-o", places[1]],
        COLUMNS="400",
    )
    said = [line.rpartition("\x1b[K")[2] for line in shown.split("\r\n") if line]
    assert code == 0
    assert said == [
        f"wrote {places[0]} (500 × 400)",
        f"wrote {places[1]} ({places[1].stat().st_size // 1000} kB)",
    ]


def test_a_pipe_is_told_nothing(document, tmp_path):
    ended = run("render", document, "-o", tmp_path / "a.json")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")


@pytest.fixture
def browser(tmp_path, monkeypatch):
    """A browser that only writes down what it was to open."""
    script, log = tmp_path / "browser", tmp_path / "opened"
    script.write_text(f'#!/bin/sh\necho "$1" >> {log}\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("BROWSER", str(script))
    return log


def test_what_is_written_can_be_opened(document, tmp_path, browser):
    ended = run("render", document, "-o", tmp_path / "a b.html", "--open")
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert browser.read_text().split() == [(tmp_path / "a b.html").as_uri()]


def test_without_a_file_a_page_is_opened(document, tmp_path, browser, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    ended = run("render", document, "--open")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")
    (page,) = tmp_path.glob("attnviz-*/attention.html")
    assert browser.read_text().split() == [page.as_uri()]


def test_where_nothing_opens_it_that_is_said(document, tmp_path):
    code = "import webbrowser; webbrowser.open = lambda url: False; from attnviz.cli import main;"
    code += f"main(['render', {str(document)!r}, '--open', '-o', 'a.html'])"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=tmp_path)
    assert ended.returncode == 1 and b"nothing on this machine opens 'a.html'" in ended.stderr
    assert (tmp_path / "a.html").exists()


# progress


def slow(seconds: float) -> list[str]:
    return [
        "-c",
        "import time; from attnviz.cli.progress import progress\n"
        f"with progress() as told: told.say('counting'); time.sleep({seconds})\n"
        "print('done')",
    ]


def test_what_lasts_is_told_on_a_terminal_and_taken_back(monkeypatch):
    monkeypatch.setattr("tests.cli.test_process.PROGRAM", [sys.executable])
    code, shown = on_a_terminal(slow(2.2))
    assert code == 0 and "counting … 1 s" in shown
    assert shown.endswith("\r\x1b[Kdone\r\n")


def test_what_is_quick_is_not_told(monkeypatch):
    monkeypatch.setattr("tests.cli.test_process.PROGRAM", [sys.executable])
    assert on_a_terminal(slow(0.3)) == (0, "done\r\n")


def test_a_file_is_told_no_progress():
    ended = subprocess.run([sys.executable, *slow(1.7)], capture_output=True)
    assert (ended.stdout, ended.stderr) == (b"done\n", b"")


def test_a_new_thing_begins_without_the_time_of_the_one_before(monkeypatch, capsys):
    monkeypatch.setattr(progress, "on_terminal", lambda: True)
    monkeypatch.setattr(progress, "PATIENCE", 0.2)
    monkeypatch.setattr(progress, "STEP", 0.02)
    told = Progress()
    told.say("reading")
    time.sleep(0.5)
    told.say("drawing")
    told.end()
    said = capsys.readouterr().err
    assert "reading" in said and "drawing" not in said and said.endswith("\r\x1b[K")

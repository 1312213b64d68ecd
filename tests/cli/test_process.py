"""The program as a process: pipes, colours, exit codes."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys

import pytest

PROGRAM = [sys.executable, "-m", "attnviz"]


def run(*arguments, **options):
    return subprocess.run([*PROGRAM, *map(str, arguments)], capture_output=True, **options)


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "ATTNVIZ_MODEL", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)


def on_a_terminal(arguments, **environment) -> tuple[int, str]:
    """Run the program on a terminal of its own; its exit code and what appeared."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*PROGRAM, *map(str, arguments)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", **environment},
    ) as process:
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(ours, 65536):
                shown += part
        except OSError:  # how Linux says that the terminal is closed
            pass
        os.close(ours)
    return process.returncode, shown.decode()


def test_a_reader_that_leaves_ends_it_quietly(two_documents):
    with subprocess.Popen(
        [*PROGRAM, "render", str(two_documents), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 128 + signal.SIGPIPE


def test_a_reader_of_pictures_may_leave_too(document):
    with subprocess.Popen(
        [*PROGRAM, "render", str(document)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 128 + signal.SIGPIPE


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")  # noqa: PTH110
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_full_disk_is_said_in_a_sentence(document, options):
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        ended = subprocess.run(
            [*PROGRAM, "render", document, *options], stdout=full, stderr=subprocess.PIPE
        )
    assert ended.returncode == 1
    assert ended.stderr.startswith(b"attnviz: ") and b"No space left" in ended.stderr
    assert ended.stderr.count(b"\n") == 1


def test_ctrl_c_is_quiet():
    program = """
import os, signal, sys
from attnviz.cli import main

class Keyboard:
    buffer = property(lambda self: self)
    def read(self, n):
        os.kill(os.getpid(), signal.SIGINT)

sys.stdin = Keyboard()
main(["run", "-"])
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, b"", b"")


def test_ctrl_c_is_quiet_while_the_program_is_still_loading():
    program = """
import signal, sys

class Interrupted:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Interrupted())
from attnviz.__main__ import main
main()
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, b"", b"")


def test_on_a_terminal_there_are_colours(document):
    code, shown = on_a_terminal(["render", document, "--ask", "it"])
    assert code == 0
    assert "\x1b[" in shown and "0.75" in shown


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_colours_can_be_refused(document, environment):
    code, shown = on_a_terminal(["render", document], **environment)
    assert code == 0
    assert "\x1b[" not in shown and "it → hat 0.75" in shown


def test_of_a_picture_written_to_a_file_the_terminal_is_told_no_more(document, tmp_path):
    code, shown = on_a_terminal(["render", document, "-o", tmp_path / "a.json"])
    assert code == 0 and shown.count("\n") == 1 and "wrote " in shown


def test_an_encoding_without_arrows_is_no_obstacle(document):
    ended = run("render", document, env={**os.environ, "PYTHONIOENCODING": "latin-1"})
    assert ended.returncode == 0
    assert b"it > hat 0.75" in ended.stdout


def test_closed_standard_streams_are_no_obstacle(document, tmp_path):
    command = f'exec "$0" -m attnviz render "$1" -o "{tmp_path}/a.json" <&- >&- 2>&-'
    ended = subprocess.run(["/bin/sh", "-c", command, sys.executable, document])
    assert ended.returncode == 0
    assert (tmp_path / "a.json").exists()


UNUSED = (
    "attnviz.analysis.explain", "attnviz.checkpoint.gguf_models", "attnviz.checkpoint.quantised",
    "attnviz.render.figure", "attnviz.render.page", "attnviz.tokenizer.builders",
    "huggingface_hub", "matplotlib", "scipy", "wcwidth",
)  # fmt: skip


def test_an_answer_waits_for_no_module_that_it_does_not_need():
    script = (
        "import sys\nfrom attnviz.cli import main\n"
        "try: main(['run', 'He took the hat and examined it', '--ask', 'it'])\n"
        f"finally: print('unused:', sorted(set({UNUSED}) & set(sys.modules)), file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "it refers to hat" in ended.stdout and ended.stderr == "unused: []\n"


def test_the_version_is_told():
    import attnviz

    assert run("--version").stdout.decode() == f"attnviz {attnviz.__version__}\n"


@pytest.mark.parametrize("command", [[], ["--help"], ["-h"], ["run", "--help"], ["render", "-h"]])
def test_help_shows_how_to_begin(command):
    ended = run(*command)
    assert ended.returncode == 0
    assert b"attnviz r" in ended.stdout.partition(b"Options:")[2] + ended.stdout


def test_completion_knows_commands_and_names(monkeypatch):
    monkeypatch.setenv("_ATTNVIZ_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "attnviz render a --map ")
    monkeypatch.setenv("COMP_CWORD", "4")
    ended = subprocess.run(
        [sys.executable, "-c", "from attnviz.cli import main; main()"], capture_output=True
    )
    assert ended.stdout.split() == [b"encoder", b"decoder", b"cross"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")  # noqa: PTH110
@pytest.mark.parametrize("suffix", ["png", "svg", "pdf", "html", "json", "npz", "csv"])
def test_a_full_disk_is_said_in_a_sentence_whatever_is_written(document, tmp_path, suffix):
    link = tmp_path / f"out.{suffix}"
    link.symlink_to("/dev/stdout")
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        ended = subprocess.run(
            [*PROGRAM, "render", document, "-o", link], stdout=full, stderr=subprocess.PIPE
        )
    assert ended.returncode == 1
    assert ended.stderr.startswith(b"attnviz: ") and b"No space left" in ended.stderr
    assert ended.stderr.count(b"\n") == 1
    assert link.is_symlink()


@pytest.mark.parametrize("name", ["/dev/stdout", "link.png"])
def test_a_picture_or_document_may_go_to_standard_output(document, tmp_path, name):
    (tmp_path / "link.png").symlink_to("/dev/stdout")
    ended = run("render", document, "-o", name, cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert ended.stdout.startswith(b'{"schema"' if name == "/dev/stdout" else b"\x89PNG")


def test_a_full_disk_names_the_file_that_was_to_grow(tmp_path):
    resource = pytest.importorskip("resource")
    (tmp_path / "a.txt").write_text("The hat.\nIt rained.\nHe saw it.\n")
    ended = subprocess.run(
        [*PROGRAM, "run", "-f", "a.txt", "--layer", "0", "--resume", "r.json"],
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000)),
    )
    assert ended.stderr == b"attnviz: 'r.json' cannot be written: File too large\n"
    assert ended.returncode == 1

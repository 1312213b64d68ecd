"""Everything that can go wrong ends in one sentence and the right exit code, with no traceback."""

from __future__ import annotations

import json
import shutil
import sys
import warnings
from pathlib import Path

import pytest
from typer.main import get_command

from attnviz.cli import COMMANDS, program
from attnviz.cli.failures import exit_code
from attnviz.errors import AttnvizWarning

MODEL = Path(__file__).resolve().parents[2] / "attnviz" / "models" / "all-MiniLM-L6-v2"


def refused(ended, code: int, *words: str) -> None:
    """One sentence on stderr that has these words, nothing on stdout, and this exit code."""
    assert (ended.code, ended.out) == (code, b"")
    assert ended.err.startswith("attnviz: ") and ended.err.count("\n") == 1
    for word in words:
        assert word in ended.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "a", "--frobnicate"], ["--frobnicate", "run --help"]),
        (["rnu", "a"], ["rnu", "attnviz --help"]),
        (["run", "a", "--head", "three"], ["'three' is not a head", "3.1"]),
        (["run", "a", "--layer", "x"], ["--layer 'x' is not a whole number from 0"]),
        (["run", "a", "--width", "3"], ["--width '3'", "from 24"]),
        (["run", "a", "--heads", "some"], ["--heads 'some' is not a head"]),
        (["run", "a", "--map", "left"], ["--map 'left'", "encoder, decoder or cross"]),
        (["run", "a", "--head", "3.1", "--layer", "2"], ["--head and --layer"]),
        (["run", "a", "--mean", "--heads", "all"], ["--mean and --heads all"]),
        (["run", "a", "--ask", "a", "--heads", "all"], ["--heads all and --ask"]),
        (["run", "a", "--title", "b", "--no-title"], ["--title and --no-title"]),
        (["run", "a", "-o", "a.gif"], ["'a.gif'", ".png", ".html"]),
        (["run", "a", "-o", "png"], ["'png'", "suffix"]),
        (["run", "a", "-o", "a.png", "--size", "huge"], ["--size 'huge'", "3.3x3.0"]),
        (["run", "a", "-o", "a.png", "--size", "900x900"], ["900"]),
        (["run", "a", "-o", "a.png", "--palette", "viridsi"], ["did you mean 'viridis'"]),
        (["run", "a", "b", "--pair", "c"], ["--pair", "several"]),
        (["run", "-", "-"], ["'-' once"]),
        (["run", "a", "--by", "word"], ["--by says what --json and .json, .npz and .csv carry"]),
        (["run", "a", "--by", "token", "-o", "a.png"], ["--tokens"]),
        (["run", "a", "b", "-o", "a.npz"], ["'a.npz' holds one result and here are several texts"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_options_that_say_nothing_or_contradict_each_other(attnviz, arguments, words):
    refused(attnviz(*arguments), 2, *words)


def options_that_take_one_value():
    """Every command's options of a single value, each with the arguments the command needs."""
    for name in COMMANDS:
        found = get_command(program(name.split()[0])).commands[name]
        many = found.commands if hasattr(found, "commands") else {"": found}
        for sub, command in many.items():
            params = command.get_params(command.make_context(sub, [], resilient_parsing=True))
            named = [[] if p.param_type_name == "argument" else [p.opts[0]] for p in params]
            needed = [
                word
                for param, name in zip(params, named, strict=True)
                if param.required or not name
                for word in (*name, "x")
            ]
            for param in params:
                if param.param_type_name == "option" and not param.multiple and not param.is_flag:
                    yield (
                        (*name.split(), *([sub] if sub else []), *needed),
                        max(param.opts, key=len),
                    )


@pytest.mark.parametrize(
    ("command", "option"),
    list(options_that_take_one_value()),
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_an_option_of_one_value_is_given_once(attnviz, command, option):
    refused(attnviz(*command, option, "1", f"{option}=2"), 2, f"{option} is given more than once")


def test_an_option_and_its_opposite_contradict_each_other(attnviz):
    refused(attnviz("run", "a", "--numbers", "--no-numbers"), 2, "--numbers or --no-numbers")


def test_what_says_the_same_twice_is_said_once(attnviz):
    assert attnviz("run", "hat", "--json", "--json").code == 0


def test_several_spellings_of_one_option_are_one(attnviz):
    refused(attnviz("run", "a", "-m", "b", "--model", "c"), 2, "--model is given more than once")


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_a_text_without_words(attnviz, text):
    refused(attnviz("run", text), 1, "the text is empty")
    refused(attnviz("run", "-", stdin=text.encode()), 1, "the text is empty")


def test_lines_without_words(attnviz):
    refused(attnviz("run", "--lines", "-", stdin=b"\n \n"), 1, "no line with text")


def test_bytes_that_are_not_text(attnviz):
    refused(attnviz("run", "-", stdin=b"caf\xe9"), 1, "standard input is not UTF-8 at byte 3")
    refused(attnviz("run", "caf\udce9"), 1, "not UTF-8 at character 3")


def test_more_words_than_the_model_has_positions(attnviz):
    refused(attnviz("run", "word " * 600), 1, "602", "512", "--truncate")


def test_a_word_that_is_not_there(attnviz, document):
    refused(attnviz("run", "the hat", "--ask", "hut"), 1, "'hut'", "did you mean 'hat'")
    refused(attnviz("render", document, "--ask", "xyz"), 1, "He, took, the, hat, and, liked, it")


def test_a_head_or_layer_that_is_not_there(attnviz, document):
    refused(attnviz("run", "the hat", "--head", "9.1"), 1, "no layer 9", "0 to 5")
    refused(attnviz("run", "the hat", "--head", "3.12"), 1, "3.12", "0 to 11")
    refused(attnviz("run", "the hat", "--layer", "6"), 1, "no layer 6", "0 to 5")
    refused(attnviz("render", document, "--head", "9.1"), 1, "9.1", "0, 1")
    refused(attnviz("render", document, "--layer", "2"), 1, "no layer 2")


def test_a_map_that_is_not_there(attnviz, document):
    refused(attnviz("render", document, "--map", "cross"), 1, "'cross'", "encoder")


def test_a_place_that_cannot_be_written_is_known_before_the_model(attnviz):
    refused(attnviz("run", "a", "-m", "no/such", "-o", "no/such/a.png"), 1, "no folder 'no/such'")


def test_nothing_is_written_when_something_fails(attnviz, document, tmp_path):
    before = sorted(tmp_path.iterdir())
    refused(attnviz("render", document, "-o", "a.json", "-o", "a.png", "--ask", "xyz"), 1, "xyz")
    assert sorted(tmp_path.iterdir()) == before


def test_a_model_that_is_nowhere(attnviz):
    refused(attnviz("run", "a", "-m", "./nowhere"), 1, "no folder", "nowhere")
    refused(attnviz("run", "a", "-m", "nowhere", "--offline"), 1, "nowhere")


def test_the_model_may_come_from_the_environment(attnviz, monkeypatch):
    monkeypatch.setenv("ATTNVIZ_MODEL", "./nowhere")
    refused(attnviz("run", "a"), 1, "nowhere")


@pytest.mark.parametrize("file", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_model_folder_that_lacks_a_file(attnviz, tmp_path, file):
    folder = tmp_path / "model"
    folder.mkdir()
    for path in MODEL.iterdir():
        if path.name != file:
            (folder / path.name).symlink_to(path)
    refused(attnviz("run", "a hat", "-m", folder), 1, file.split(".")[0])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:5000],
        lambda data: (2**60).to_bytes(8, "little") + data[8:5000],
        lambda data: b"",
        lambda data: b"\x08\0\0\0\0\0\0\0not json",
    ],
    ids=["cut off", "a header of exabytes", "empty", "no header"],
)
def test_weights_that_are_damaged(attnviz, tmp_path, spoil):
    shutil.copytree(MODEL, tmp_path / "model", ignore=lambda *_: ["model.safetensors"])
    with (MODEL / "model.safetensors").open("rb") as weights:
        (tmp_path / "model" / "model.safetensors").write_bytes(spoil(weights.read(60_000)))
    refused(attnviz("run", "a hat", "-m", tmp_path / "model"), 1, "model.safetensors")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"schema": "attnviz/9"}',
        b"\xff\xfe",
        b"PK\x03\x04",
        b"[" * 9999,
    ],
    ids=repr,
)
def test_a_file_that_is_no_document(attnviz, data):
    refused(attnviz("render", "-", stdin=data), 1, "document")


def test_a_document_that_is_malformed_is_refused_with_the_place(attnviz, document):
    broken = json.loads(document.read_text())
    broken["maps"]["encoder"]["weights"][1][0][2][3] = "much"
    refused(attnviz("render", "-", stdin=json.dumps(broken).encode()), 1, "weights[1][0][2][3]")


def test_a_document_that_is_nowhere(attnviz, tmp_path):
    refused(attnviz("render", "nowhere.json"), 1, "'nowhere.json' cannot be read: No such file")
    refused(attnviz("render", tmp_path), 1, "cannot be read: Is a directory")
    refused(attnviz("render", "a\0b"), 1, "no file name")


HOSTILE = "\x1b[31mred\x1b]0;title\x07 [bold]x[/bold] $x_1$ \u202eevil"


def test_what_users_and_files_say_cannot_act_in_a_message(attnviz, document):
    for ended in (
        attnviz("render", document, "--ask", HOSTILE),
        attnviz("run", "a", "-m", "./" + HOSTILE),
        attnviz("run", "a", "--" + HOSTILE),
        attnviz("render", HOSTILE),
        attnviz("run", "a", "-o", HOSTILE),
    ):
        assert ended.code in (1, 2)
        assert "\x1b" not in ended.err and "\x07" not in ended.err and "\u202e" not in ended.err
        assert "[bold]x[/bold]" in ended.err and ended.err.count("\n") == 1


def test_what_documents_say_appears_as_text(attnviz, document):
    hostile = json.loads(document.read_text())
    hostile["tokens"][1]["text"] = HOSTILE
    hostile["model"]["name"] = HOSTILE
    ended = attnviz("render", "-", "--tokens", "--mean", stdin=json.dumps(hostile).encode())
    assert ended.code == 0
    assert not {"\x1b", "\x07", "\u202e"} & set(ended.text)
    assert "[bold]" in ended.text


def test_an_interrupt_is_quiet(capsys):
    def interrupted():
        raise KeyboardInterrupt

    assert exit_code(interrupted) == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "error", [MemoryError(), ImportError("libXau.so.6: failed to map segment from shared object")]
)
def test_too_little_memory_is_said_in_a_sentence(capsys, error):
    def greedy():
        raise error

    assert exit_code(greedy) == 1
    assert "not enough memory" in capsys.readouterr().err


def test_a_warning_of_ours_is_one_line_and_those_of_libraries_are_silent(capsys):
    def warning():
        warnings.warn("no font draws this", AttnvizWarning, stacklevel=1)
        warnings.warn("overflow in exp", RuntimeWarning, stacklevel=1)

    assert exit_code(warning) == 0
    assert capsys.readouterr().err == "attnviz: warning: no font draws this\n"


def test_without_stderr_it_still_ends_in_order(attnviz, monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    assert attnviz("run", "a", "--head", "x").code == 2


def test_what_nobody_foresaw_is_one_sentence_that_asks_for_a_report(capsys):
    def surprised():
        raise KeyError("wall")

    assert exit_code(surprised) == 1
    said = capsys.readouterr().err
    assert said.startswith("attnviz: this should not have happened (KeyError: \"'wall'\")")
    assert "please report it" in said and "ATTNVIZ_DEBUG=1" in said and said.count("\n") == 1


def test_who_debugs_sees_the_traceback(monkeypatch):
    monkeypatch.setenv("ATTNVIZ_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        exit_code(lambda: 1 / 0)


LONG = "x" * 5000


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", LONG, "--head", "1" * 5000 + ".1"],
        ["run", "a", "--head", "1." + "1" * 5000],
        ["run", "a", "--layer", "1" * 5000],
        ["run", "a", "-m", LONG],
        ["run", "a", "--palette", LONG, "-o", "a.png"],
        ["run", "a", "-o", LONG],
        ["run", "a", "--ask", LONG],
        ["run", "a", f"--{LONG}"],
        [LONG],
        ["render", LONG],
        ["run", "a", "--size", LONG, "-o", "a.png"],
    ],
    ids=lambda value: " ".join(value)[:20],
)
def test_no_sentence_quotes_more_than_can_be_read(attnviz, arguments):
    ended = attnviz(*arguments)
    assert ended.code in (1, 2) and ended.err.count("\n") == 1
    assert max(map(len, ended.err.split())) <= 203


def test_a_list_of_all_words_is_bounded_too(attnviz):
    ended = attnviz("run", "word " * 400, "--ask", "xyz")
    assert ended.code == 1 and len(ended.err) < 1300


def test_credentials_in_an_address_are_never_shown(attnviz):
    ended = attnviz("run", "a", "-m", "https://me:secret@mirror.example/model")
    assert ended.code == 1 and "secret" not in ended.err and "mirror.example" in ended.err


def test_a_file_without_an_end_is_refused(attnviz, monkeypatch):
    monkeypatch.setattr("attnviz.cli.texts.LARGEST", 1 << 27)
    refused(attnviz("render", "/dev/zero"), 1, "'/dev/zero' is larger than")


@pytest.mark.parametrize(
    "command",
    [
        ("explain", "a hat"),
        ("classify", "a hat"),
        ("translate", "a hat"),
        ("heads", "a hat"),
        ("compare", "a hat", "a cat"),
        ("explain", "positions"),
    ],
    ids=" ".join,
)
def test_a_place_that_is_no_file_is_refused_as_what_it_is(attnviz, tmp_path, command):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder.png").mkdir()
    for name, said in (
        ("/dev/null", "'/dev/null' is a device; name a file"),
        ("folder", "'folder' is a folder; name a file in it"),
        ("folder.png", "'folder.png' is a folder; name a file in it"),
    ):
        ended = attnviz(*command, "-o", name)
        assert (ended.code, ended.err) == (1, f"attnviz: {said}\n")


def test_a_folder_takes_the_results_of_many_texts_alone(attnviz, tmp_path):
    (tmp_path / "folder").mkdir()
    ended = attnviz("run", "a hat", "-o", "folder")
    assert ended.code == 2 and "'folder' is a folder, for maps of many texts" in ended.err
    assert "'/dev/null' is a device; name a file" in attnviz("run", "a hat", "-o", "/dev/null").err

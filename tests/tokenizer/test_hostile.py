"""A hostile tokenizer.json is refused before it costs anything, and never acts on the terminal."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from attnviz import memory
from attnviz.errors import BadCheckpoint, TooBig, TooLong
from attnviz.tokenizer import growth
from attnviz.tokenizer.growth import Growth, growth_of
from attnviz.tokenizer.guard import guarded, interruptible
from attnviz.tokenizer.tokenizer import load_tokenizer

MODEL = {"type": "WordLevel", "vocab": {"a": 0, "[UNK]": 1}, "unk_token": "[UNK]"}


def replace(pattern: dict[str, str], content: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": pattern, "content": content}


def charsmap(longest: int) -> str:
    return base64.b64encode(bytes(4) + b"x" * longest + b"\0y\0").decode()


DOUBLE = replace({"String": "a"}, "aa")
PIECE = {"Sequence": {"id": "A", "type_id": 0}}
TOKEN = {"SpecialToken": {"id": "[UNK]", "type_id": 0}}


def template(single: list[Any], n_ids: int = 1) -> dict[str, Any]:
    token = {"id": "[UNK]", "ids": [1] * n_ids, "tokens": ["[UNK]"] * n_ids}
    return {"type": "TemplateProcessing", "single": single, "pair": single,
            "special_tokens": {"[UNK]": token}}  # fmt: skip


def write(folder: Path, **parts: Any) -> Path:
    path = folder / "tokenizer.json"
    path.write_text(json.dumps({"version": "1.0", **parts, "model": parts.get("model", MODEL)}))
    return folder


@pytest.mark.parametrize(
    "parts",
    [
        {"normalizer": {"type": "Sequence", "normalizers": [DOUBLE] * 8}},
        {"normalizer": {"type": "Sequence", "normalizers": [{"type": "Sequence", "normalizers":
            [DOUBLE, DOUBLE]}] * 4}},
        {"normalizer": replace({"String": "a"}, "a" * 500)},
        {"normalizer": replace({"String": ""}, "a" * 500)},
        {"normalizer": replace({"Regex": "x*"}, "a" * 500)},
        {"normalizer": {key: value for key, value in replace({"String": "a"}, "a" * 500).items()
            if key != "type"}},
        {"normalizer": {"type": "Prepend", "prepend": "a" * 2_000_000}},
        {"normalizer": {"type": "Precompiled", "precompiled_charsmap": charsmap(500)}},
        {"normalizer": {"type": "Sequence", "normalizers":
            [{"type": "Precompiled", "precompiled_charsmap": charsmap(20)}] * 4}},
        {"normalizer": {"type": "Precompiled", "precompiled_charsmap": "8P///2Fi"}},  # 4 GB
        {"normalizer": {"type": "Sequence", "normalizers": [{"type": "ByteLevel"}] * 9}},
        {"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}] * 300}},
        {"pre_tokenizer": {"type": "Sequence", "pretokenizers":
            [{"type": "Metaspace", "replacement": "_", "prepend_scheme": "always"}] * 12}},
        {"post_processor": template([PIECE] * 1000)},
        {"post_processor": template([TOKEN] * 1000, n_ids=2000)},
        {"post_processor": {"type": "Sequence", "processors": [template([PIECE] * 8)] * 4}},
        {"decoder": {"type": "Sequence", "decoders": [DOUBLE] * 8}},
        {"model": {"type": "WordPiece", "vocab": {"a": 0, "[UNK]": 1}, "unk_token": "[UNK]",
            "continuing_subword_prefix": "##", "max_input_chars_per_word": 10**9}},
    ],
    ids=lambda parts: json.dumps(parts)[:60],
)  # fmt: skip
def test_what_makes_a_text_far_longer_is_refused(tmp_path, parts):
    with pytest.raises(BadCheckpoint, match=r"tokenizer\.json in .* is refused: it "):
        load_tokenizer(write(tmp_path, **parts))


BOMB = json.dumps({"type": "Sequence", "normalizers": [DOUBLE] * 30})


@pytest.mark.parametrize("key", ["normalizer", "\\u006eormalizer"])
def test_a_part_that_overrules_an_earlier_one_is_seen(key):
    raw = f'{{"normalizer": null, "model": {json.dumps(MODEL)}, "{key}": {BOMB}}}'
    with pytest.raises(BadCheckpoint, match="far longer"):
        growth_of(raw.encode())


def test_an_added_token_is_normalized_when_it_is_read_and_so_is_bounded(monkeypatch):
    monkeypatch.setattr(growth, "MOST_CHARACTERS", 1000)
    token = {"id": 7, "content": "a" * 300, "normalized": True}
    raw = json.dumps({"added_tokens": [token], "normalizer": replace({"String": "a"}, "aaaa")})
    with pytest.raises(TooLong):
        growth_of(raw.encode())


@pytest.mark.parametrize(
    ("parts", "factor"),
    [
        ({"normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Prepend", "prepend": "▁"}, replace({"String": " "}, "▁")]}}, 1),
        ({"normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Precompiled", "precompiled_charsmap": charsmap(33)},
            replace({"Regex": " {2,}"}, "▁")]}}, 1),
        ({"normalizer": replace({"Regex": "\\s+"}, " ")}, 1),
        ({"normalizer": replace({"String": "``"}, '"')}, 1),
        ({"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": True}}, 1),
        ({"post_processor": template([TOKEN, PIECE, TOKEN])}, 1),
        ({"normalizer": replace({"String": "a"}, "aaa")}, 3),
        ({"normalizer": replace({"Regex": "x*"}, "ab")}, 3),
    ],
    ids=lambda value: json.dumps(value)[:60],
)  # fmt: skip
def test_what_honest_tokenizers_do_is_no_growth_to_speak_of(parts, factor):
    assert growth_of(json.dumps({**parts, "model": MODEL}).encode()).factor == factor


def test_the_embedded_tokenizer_grows_nothing():
    folder = Path(growth.__file__).parents[1] / "models" / "all-MiniLM-L6-v2"
    assert load_tokenizer(folder).growth._replace(added=0) == Growth()


def test_a_text_is_bounded_before_it_is_encoded(tmp_path, monkeypatch):
    tokenizer = load_tokenizer(write(tmp_path))
    monkeypatch.setattr(growth, "MOST_CHARACTERS", 99)
    with pytest.raises(TooLong, match="a text of 100 characters is more than can be encoded"):
        tokenizer.encode("a" * 100)
    monkeypatch.undo()
    monkeypatch.setattr(memory, "available", lambda: 1 << 26)
    with pytest.raises(TooBig, match="encoding a text of 300,000 characters"):
        tokenizer.encode("a " * 150_000)


def test_a_long_text_and_a_wary_one_are_encoded_to_the_same_ids(tmp_path):
    split = {"type": "Split", "pattern": {"Regex": "\\s"}, "behavior": "Removed", "invert": False}
    wary = load_tokenizer(write(tmp_path, pre_tokenizer=split))
    assert wary.growth.wary
    assert wary.encode("a b a").ids == (0, 1, 0)
    assert wary.encode("a " * 9000).ids == (0,) * 9000
    assert wary.encode("a a", "b").ids == (0, 0, 1)


def test_a_panic_leaves_one_sentence_and_nothing_on_the_terminal(tmp_path, capfd):
    split = {"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Removed",
             "invert": False}  # fmt: skip
    tokenizer = load_tokenizer(write(tmp_path, pre_tokenizer=split))
    with pytest.raises(BadCheckpoint, match=r"cannot encode this text: .*retry-limit"):
        tokenizer.encode("a" * 40 + "b")
    assert capfd.readouterr() == ("", "")


class Ended(BaseException):
    """As a signal ends the program."""


@pytest.mark.parametrize("error", [Ended, KeyboardInterrupt, SystemExit])
def test_what_ends_the_program_is_no_fault_of_the_tokenizer(error):
    with pytest.raises(error), guarded("the tokenizer cannot be used"):
        raise error


def test_work_that_fails_in_its_thread_fails_here():
    with pytest.raises(ZeroDivisionError):
        interruptible(lambda: 1 / 0)
    assert interruptible(lambda: threading.current_thread().name) == "attnviz-tokenizer"


def test_ctrl_c_is_heard_within_a_second_while_a_million_words_are_encoded(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-m", "attnviz", "run", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "HF_HOME": str(tmp_path)},
    ) as process:
        process.stdin.write(b"hat " * 1_000_000)
        process.stdin.close()
        _wait_for_a_thread(process.pid)
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
        assert time.monotonic() - begun < 1
        assert process.stderr.read() == b""


def _wait_for_a_thread(pid: int) -> None:
    """Until the thread that encodes is at work."""
    names = Path(f"/proc/{pid}/task")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123
            seconds = int(stat.read().rpartition(")")[2].split()[11]) / os.sysconf("SC_CLK_TCK")
        if len(list(names.iterdir())) > 1 and seconds > 1.5:
            return
        time.sleep(0.05)

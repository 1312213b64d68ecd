"""Chats as their model's template writes them, and what becomes of templates that mean harm."""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from attnviz.errors import BadCheckpoint, InputError, TooLong, UnsupportedModel
from attnviz.tokenizer import chat
from attnviz.tokenizer.chat import chat_text
from attnviz.tokenizer.tokenizer import load_tokenizer

FIXTURES = Path(__file__).parents[1] / "fixtures"
RECORDED = json.loads((FIXTURES / "chats.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda one: one["name"])
def test_texts_and_ids_are_those_of_transformers(recorded: dict[str, Any], tmp_path: Path) -> None:
    """As ``tests/oracle/chat_texts.py`` recorded them."""
    shutil.copy(FIXTURES / "tokenizers/byte-fallback/tokenizer.json", tmp_path)
    for name, content in recorded["written"].items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    tokenizer = load_tokenizer(tmp_path)
    made = 0
    for messages, prompt, template, expected in recorded["chats"]:
        how = {"name": "m", "generation_prompt": prompt, "template": template}
        if expected is None:
            with pytest.raises((InputError, BadCheckpoint)):
                chat_text(tmp_path, messages, **how)
            continue
        text, ids = expected
        assert chat_text(tmp_path, messages, **how) == text
        assert list(tokenizer.encode(text, special=False).ids) == ids
        made += 1
    assert made >= 4


def write(folder: Path, template: object, **settings: object) -> None:
    written = json.dumps({"chat_template": template, **settings})
    (folder / "tokenizer_config.json").write_text(written)


def test_a_text_alone_is_what_a_user_says(tmp_path: Path) -> None:
    write(tmp_path, "{% for m in messages %}{{ m.role }}: {{ m.content }}{% endfor %}")
    assert chat_text(tmp_path, "a <hat>", name="m") == "user: a <hat>"


@pytest.mark.parametrize(
    ("template", "error", "reason"),
    [
        ("{% for i in range(10**9) %}x{% endfor %}", BadCheckpoint, "Range too big"),
        ("{{ 'a' * 10**12 }}", BadCheckpoint, "more time or memory"),
        ("{{ 'a'|center(10**12) }}", BadCheckpoint, "more time or memory"),
        (
            "{% set n = namespace(x='a') %}{% for i in range(90) %}{% set n.x = n.x ~ n.x %}"
            "{% endfor %}{{ n.x }}",
            BadCheckpoint,
            "more time or memory",
        ),
        (
            "{% for i in range(99999) %}{% for j in range(99999) %}xxxxxxxxx{% endfor %}"
            "{% endfor %}",
            TooLong,
            "text without end",
        ),
        ("{{ ''.__class__.__mro__ }}", BadCheckpoint, "'__class__' of 'str' object is unsafe"),
        ("{{ cycler.__init__.__globals__ }}", BadCheckpoint, "unsafe"),
        ("{{ raise_exception.__globals__.x }}", BadCheckpoint, "unsafe"),
        ("{{ strftime_now.__globals__.x }}", BadCheckpoint, "unsafe"),
        ("{{ dict.__call__.__globals__ }}", BadCheckpoint, "unsafe"),
        ("{% set n = namespace() %}{% set n.__class__ = 1 %}", BadCheckpoint, "may not hold"),
        ("{{ namespace(__class__=1) }}", BadCheckpoint, "may not hold"),
        ("{{ messages.append(1) }}", BadCheckpoint, "unsafe|not safely callable"),
        ("{% include '/etc/passwd' %}", BadCheckpoint, "cannot be rendered"),
        ("{{ raise_exception('only \x1b[31musers') }}", InputError, r"refuses .*only \\x1b\[31m"),
        ("{{ raise_exception('x' * 5000) }}", InputError, "refuses this: 'x{190,}…'$"),
        ("{% if %}", BadCheckpoint, "TemplateSyntaxError"),
        ("{{ messages[7].role }}", BadCheckpoint, "no element 7"),
        ("{{ 1 / 0 }}", BadCheckpoint, "ZeroDivisionError"),
        ("{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}", BadCheckpoint, "RecursionError"),
        ("{{" + "(" * 5000, BadCheckpoint, "RecursionError|time or memory"),
        (3, BadCheckpoint, "neither a text nor a list"),
        ([{"name": "default"}], BadCheckpoint, "neither a text nor a list"),
        ([{"name": "rag", "template": ""}], InputError, "no chat template 'default'.* has 'rag'"),
        (None, UnsupportedModel, "'m' has no chat template"),
    ],
)
def test_a_hostile_template_ends_in_a_sentence(
    template: object, error: type[Exception], reason: str, tmp_path: Path
) -> None:
    write(tmp_path, template)
    with pytest.raises(error, match=reason) as raised:
        chat_text(tmp_path, "hat", name="m")
    assert len(str(raised.value)) < 500 and "\n" not in str(raised.value)


def test_an_endless_loop_ends_when_its_time_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat, "MOST_SECONDS", 1)
    write(
        tmp_path,
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    )
    begun = time.monotonic()
    with pytest.raises(BadCheckpoint, match="more time or memory than any honest one"):
        chat_text(tmp_path, "hat", name="m")
    assert time.monotonic() - begun < chat.MOST_WAITED + 10


@pytest.mark.parametrize(
    "messages",
    [[], ["hat"], [{1, 2}], {"role": "user"}, [{"role": object()}], [{"content": "hat"}], 3],
)
def test_what_is_no_list_of_messages_is_refused(messages: Any, tmp_path: Path) -> None:
    write(tmp_path, "{{ messages }}")
    with pytest.raises(InputError, match="a chat is a list of messages"):
        chat_text(tmp_path, messages, name="m")


def test_without_jinja_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module of its name that cannot be imported stands before the real one."""
    write(tmp_path, "{{ messages }}")
    (tmp_path / "jinja2.py").write_text("raise ImportError")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(UnsupportedModel, match=r"pip install 'attnviz\[chat\]'"):
        chat_text(tmp_path, "hat", name="m")


def test_a_python_that_cannot_be_started_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "{{ messages }}")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere"))
    with pytest.raises(UnsupportedModel, match="no process can be started"):
        chat_text(tmp_path, "hat", name="m")

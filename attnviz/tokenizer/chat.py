"""A chat as the text that its model was trained on, made by the chat template in its folder."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attnviz.checkpoint.files import read_text
from attnviz.errors import BadCheckpoint, InputError, TooLong, UnsupportedModel, quote
from attnviz.tokenizer.files import class_beside_json
from attnviz.tokenizer.settings import CONFIG, Settings, content_of, read_settings
from attnviz.tokenizer.vocabulary_files import special_by_default

FILE, MORE = "chat_template.jinja", "additional_chat_templates"
NAMED = ("bos", "eos", "unk", "sep", "pad", "cls", "mask")
REASONING = ("reasoning_content", "thinking", "reasoning")
PROCESS = Path(__file__).with_name("chat_process.py")
MOST_SECONDS, MOST_WAITED = 3, 60.0  # of computing, and in all, for the machine may be busy
MOST_BYTES = 1 << 30
MOST_CHARACTERS = 1_000_000  # of what a template adds, and ten times what it is given

Messages = str | Sequence[Mapping[str, Any]]


class ChatText(str):
    """A text that has its special tokens in it, so that none are added when it is encoded."""

    __slots__ = ()
    has_special = True


def chat_text(
    folder: Path,
    messages: Messages,
    *,
    name: str,
    model_type: str | None = None,
    generation_prompt: bool = False,
    template: str | None = None,
) -> ChatText:
    """The messages, or a text as the user's only one, as the folder's chat template writes them.

    It is the text of transformers' ``apply_chat_template(tokenize=False)``, rendered in another
    process within bounds of time, memory and length. ``template`` is the name of one of several.

    Raises UnsupportedModel without a template or without Jinja, InputError for messages that are
    none or that the template refuses, BadCheckpoint for a template that cannot be rendered.
    """
    settings = read_settings(folder)
    source = _chosen(_templates(folder, settings), template, name)
    class_name = class_beside_json(folder, settings, model_type)
    variables = {
        **_special(settings, class_name),
        "messages": _messages(messages),
        "add_generation_prompt": generation_prompt,
    }
    given = len(json.dumps(variables["messages"]))
    request = {
        "template": source,
        "variables": variables,
        "most_bytes": MOST_BYTES,
        "most_seconds": MOST_SECONDS,
        "most_characters": MOST_CHARACTERS + 10 * given,
    }
    return ChatText(_answered(_ask(request, name), name))


def _templates(folder: Path, settings: Settings) -> dict[str, str]:
    """The templates by name; files of their own come before what tokenizer_config.json says."""
    found = {path.stem: path for path in sorted((folder / MORE).glob("*.jinja"))}
    if (folder / FILE).exists():
        found["default"] = folder / FILE
    if found:
        return {name: read_text(path) for name, path in found.items()}
    match settings.get("chat_template"):
        case None:
            return {}
        case str(template):
            return {"default": template}
        case list(named) if all(map(_is_named, named)):
            return {one["name"]: one["template"] for one in named}
    raise BadCheckpoint(f"{CONFIG} has a chat_template that is neither a text nor a list of them")


def _is_named(value: object) -> bool:
    match value:
        case {"name": str(), "template": str()}:
            return True
    return False


def _chosen(templates: Mapping[str, str], wanted: str | None, model: str) -> str:
    if not templates:
        raise UnsupportedModel(
            f"{quote(model)} has no chat template, neither {FILE} nor chat_template in {CONFIG}; "
            "write the text as the model was trained on it, without --chat"
        )
    chosen = templates.get(wanted or "default")
    if chosen is None:
        there = ", ".join(quote(name) for name in sorted(templates)[:12])
        raise InputError(
            f"{quote(model)} has no chat template {quote(wanted or 'default')}; it has {there}"
        )
    return chosen


def _special(settings: Settings, class_name: str | None) -> dict[str, str]:
    """The special tokens by the names that templates call them by."""
    names = [f"{name}_token" for name in NAMED]
    said = {**special_by_default(class_name or ""), **settings}
    return {name: content_of(said[name]) for name in names if said.get(name) is not None}


def _messages(given: Messages) -> list[dict[str, Any]]:
    """Messages as templates read them: nothing that is None, and thoughts by all their names."""
    if isinstance(given, str):
        given = [{"role": "user", "content": given}]
    try:
        messages = json.loads(json.dumps(list(given)))
    except (TypeError, ValueError, RecursionError):
        messages = None
    if not messages or not all(isinstance(each, dict) and "role" in each for each in messages):
        raise InputError(
            "a chat is a list of messages, as [{'role': 'user', 'content': 'hello'}], each with a "
            "role and of nothing but texts, numbers, lists and objects"
        )
    return [_message(message) for message in messages]


def _message(given: Mapping[str, Any]) -> dict[str, Any]:
    message = {key: value for key, value in given.items() if value is not None}
    thought = next((message[name] for name in REASONING if name in message), None)
    if thought is None:
        return message
    return {"thinking": thought, **message, "reasoning_content": thought}


def _ask(request: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """What the process answers; one that the system has ended went beyond its time or memory."""
    try:
        done = subprocess.run(
            [sys.executable, "-P", str(PROCESS)],
            input=json.dumps(request).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=MOST_WAITED,
            check=False,
        )
        answer = json.loads(done.stdout) if done.returncode == 0 else {"beyond": "time"}
    except subprocess.TimeoutExpired:
        answer = {"beyond": "time"}
    except OSError as error:
        raise UnsupportedModel(
            f"no process can be started to render the chat template of {quote(name)}: "
            f"{error.strerror or error}"
        ) from None
    return answer if isinstance(answer, dict) else {}


def _answered(answer: Mapping[str, Any], name: str) -> str:
    """The text, or the error that stands for another answer."""
    match answer:
        case {"text": str(text)}:
            return text
        case {"missing": _}:
            raise UnsupportedModel(
                "rendering a chat template needs Jinja, which pip install 'attnviz[chat]' brings"
            )
        case {"refused": why}:
            raise InputError(f"the chat template of {quote(name)} refuses this: {quote(why, 200)}")
        case {"beyond": "length"}:
            raise TooLong(f"the chat template of {quote(name)} makes a text without end; "
                           "write the text out instead")  # fmt: skip
        case {"failed": why}:
            raise BadCheckpoint(
                f"the chat template of {quote(name)} cannot be rendered: {quote(why, 200)}; "
                "write the text out instead"
            )
    raise BadCheckpoint(
        f"the chat template of {quote(name)} takes more time or memory than any honest "
        "one; write the text out instead"
    )

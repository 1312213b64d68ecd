"""Texts of the command line as chats: messages in JSON, or what a user says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from attnviz.cli.texts import Text, read_text
from attnviz.errors import InputError, quote

if TYPE_CHECKING:
    from attnviz.cli.reading import BadLines
    from attnviz.model import Model


MESSAGES = re.compile(r"\s*\[\s*\{")


def as_chats(
    model: Model, bursts: Iterable[list[Text]], bad: BadLines, *, generation_prompt: bool
) -> Iterator[list[Text]]:
    """Each text as the model's chat template writes it; a JSON list of messages as those."""
    for burst in bursts:
        made: list[Text] = []
        for text in burst:
            try:
                chat = model.chat(_messages(text.text), generation_prompt=generation_prompt)
            except InputError as error:
                if text.line is None:
                    raise
                bad.tell(InputError(f"line {text.line}: {error}"))
            else:
                made.append(text._replace(text=chat))
        yield made


def read_chat(name: str) -> str:
    """The messages of a JSON file as its text; InputError where it is no list of messages."""
    text = read_text(name)
    if not MESSAGES.match(text):
        raise InputError(
            f"{quote(name, 200)} holds no JSON list of messages, such as "
            '[{"role": "user", "content": "Why?"}]'
        )
    return text


def _messages(text: str) -> Any:
    """The messages that a text is as JSON, or the text itself."""
    if not MESSAGES.match(text):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"this begins as a JSON list of messages but is none: {quote(error)}"
        ) from None

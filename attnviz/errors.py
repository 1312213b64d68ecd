"""Every error a user can meet, as one tree.

::

    AttnvizError
    ├── InputError          what the user typed: text, ids, options
    │   ├── EmptyText         nothing to attend to
    │   ├── TooLong           more tokens than the model has positions
    │   ├── UnknownWord       a word that is not in the sentence
    │   └── UnknownHead       a layer or head the model does not have
    ├── ModelError          the checkpoint
    │   ├── ModelNotFound     no such name here, in the cache or on the Hub
    │   ├── UnsupportedModel  a config key or value that we cannot compute exactly
    │   └── BadCheckpoint     a file that is missing, damaged or contradicts another
    ├── DocumentError       a document given to ``render`` that is not one
    ├── OutputError         a file that cannot be written
    ├── ClusterError        no cluster, or one that has lost its workers
    └── TooBig              a request that would not fit in memory

Every message is one sentence: what was wrong, where, and what to do.
"""

from __future__ import annotations

import re

__all__ = [
    "AttnvizError",
    "AttnvizWarning",
    "BadCheckpoint",
    "ClusterError",
    "DocumentError",
    "EmptyText",
    "InputError",
    "ModelError",
    "ModelNotFound",
    "OutputError",
    "TooBig",
    "TooLong",
    "UnknownHead",
    "UnknownWord",
    "UnsupportedModel",
    "bounded",
    "quote",
]


class AttnvizError(Exception):
    """Anything that attnviz refuses to do; its message is one sentence for the user."""

    def __str__(self) -> str:
        """The sentence, bounded however much of somebody's text it quotes."""
        return bounded(super().__str__())


class InputError(AttnvizError):
    """The text, the token ids or an option cannot be used."""


class EmptyText(InputError):
    """There is nothing to attend to."""


class TooLong(InputError):
    """The input has more tokens than the model has positions."""


class UnknownWord(InputError):
    """The sentence does not contain the word that was asked about."""


class UnknownHead(InputError):
    """The model has no such layer or head."""


class ModelError(AttnvizError):
    """The model cannot be found, read or computed."""


class ModelNotFound(ModelError):
    """No model of that name is embedded, in a folder, in the cache or on the Hub."""


class UnsupportedModel(ModelError):
    """A config key has a value that attnviz cannot honour exactly."""


class BadCheckpoint(ModelError):
    """A file of the checkpoint is missing, damaged or contradicts another."""


class DocumentError(AttnvizError):
    """A document is malformed or is not an attnviz document at all."""


class OutputError(AttnvizError):
    """A file or folder cannot be written."""


class ClusterError(AttnvizError):
    """There is no cluster that could be used, or it has lost its scheduler or its workers."""


class TooBig(AttnvizError):
    """The answer would not fit in memory."""


class AttnvizWarning(UserWarning):
    """Something the user should know that does not stop the work."""

    def __str__(self) -> str:
        """The sentence, bounded however much of somebody's text it quotes."""
        return bounded(super().__str__())


QUOTED, SENTENCE = 200, 1200  # characters of what is quoted, and of all that is said
LONG = re.compile(rf"'[^'\n]{{{QUOTED},}}'|\"[^\"\n]{{{QUOTED},}}\"|\S{{{QUOTED},}}")
CREDENTIALS = re.compile(r"(?<=://)[^\s'\"]*@")


def bounded(sentence: str) -> str:
    """A sentence with no credentials in its addresses and no more quoted than can be read.

    What is quoted, or goes on without a space, is cut to 200 characters; a sentence that is still
    too long loses its middle, for what to do stands at its end.
    """
    if len(sentence) <= QUOTED and "://" not in sentence:
        return sentence
    sentence = LONG.sub(_cut, CREDENTIALS.sub("…@", sentence))
    if len(sentence) <= SENTENCE:
        return sentence
    return sentence[: SENTENCE - QUOTED - 3] + " … " + sentence[-QUOTED:]


def _cut(found: re.Match[str]) -> str:
    text = found[0]
    closing = text[-1] if text[0] in "'\"" and text[-1] == text[0] else ""
    return text[: QUOTED - 1 - len(closing)] + "…" + closing


def quote(text: object, limit: int = 100) -> str:
    """Text from outside in quotes for a message: cut to a length, nothing a terminal obeys."""
    shown = str(text)
    return repr(shown if len(shown) <= limit else shown[: limit - 1] + "…")

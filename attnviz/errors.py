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
    └── TooBig              a request that would not fit in memory

Every message is one sentence: what was wrong, where, and what to do.
"""

from __future__ import annotations

__all__ = [
    "AttnvizError",
    "AttnvizWarning",
    "BadCheckpoint",
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
    "quote",
]


class AttnvizError(Exception):
    """Anything that attnviz refuses to do; its message is one sentence for the user."""


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


class TooBig(AttnvizError):
    """The answer would not fit in memory."""


class AttnvizWarning(UserWarning):
    """Something the user should know that does not stop the work."""


def quote(text: object, limit: int = 100) -> str:
    """Text from outside in quotes for a message: cut to a length, nothing a terminal obeys."""
    shown = str(text)
    return repr(shown if len(shown) <= limit else shown[: limit - 1] + "…")

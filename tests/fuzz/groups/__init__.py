"""The groups of inputs, each a class that draws a case from a random stream."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Protocol

from tests.fuzz.groups.adapters import Adapters
from tests.fuzz.groups.arrays import Arrays
from tests.fuzz.groups.chats import Chats
from tests.fuzz.groups.checkpoints import Config, Safetensors, Tokenizers
from tests.fuzz.groups.command_pages import CommandPages
from tests.fuzz.groups.commands import Commands
from tests.fuzz.groups.documents import Documents, Pages
from tests.fuzz.groups.foreign import Foreign
from tests.fuzz.groups.gguf import Ggufs
from tests.fuzz.groups.hub import HubAnswers
from tests.fuzz.groups.kept import Kept
from tests.fuzz.groups.many import Many
from tests.fuzz.groups.pickles import Pickles
from tests.fuzz.groups.program import Options, Outputs, Texts
from tests.fuzz.groups.quantised import Quantised
from tests.fuzz.groups.tokenizer_files import TokenizerFiles
from tests.fuzz.judge import Case

__all__ = ["GROUPS", "Group"]


class Group(Protocol):
    """Draws inputs of one kind; the same stream gives the same input."""

    def __init__(self, place: Path) -> None:
        """Make what all inputs of the group have in common."""

    def case(self, random: Random) -> Case:
        """One input."""


GROUPS: dict[str, type[Group]] = {
    "config": Config,
    "safetensors": Safetensors,
    "tokenizers": Tokenizers,
    "tokenizer-files": TokenizerFiles,
    "adapters": Adapters,
    "gguf": Ggufs,
    "quantised": Quantised,
    "pickles": Pickles,
    "arrays": Arrays,
    "documents": Documents,
    "foreign": Foreign,
    "texts": Texts,
    "options": Options,
    "outputs": Outputs,
    "commands": Commands,
    "many": Many,
    "kept": Kept,
    "chats": Chats,
    "hub": HubAnswers,
    "pages": Pages,
    "command-pages": CommandPages,
}

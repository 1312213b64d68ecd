"""Files that appear complete or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from attnviz.errors import OutputError

__all__ = ["all_or_nothing", "naming"]


@contextmanager
def all_or_nothing(paths: Sequence[Path]) -> Iterator[list[BinaryIO]]:
    """Open a file for each path; they take their names together, once all is written.

    Until then they are hidden files in the same folders, so that what is there stays untouched
    and a folder that cannot be written is known before anything is computed.
    """
    targets = [_target(path) for path in paths]
    with ExitStack() as stack:
        drafts = [stack.enter_context(_draft(target)) for target in targets]
        yield [stream for _, stream in drafts]
        for target, (_, stream) in zip(targets, drafts, strict=True):
            with naming(target):
                stream.close()
        for target, (draft, _) in zip(targets, drafts, strict=True):
            with naming(target):
                draft.replace(target)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """An error of the system while writing a file names that file."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"'{path}' cannot be written: {error.strerror or error}") from None


@contextmanager
def _draft(target: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A new file beside the target, with its permissions; gone again at the end."""
    draft = target.with_name(f".attnviz-{os.urandom(6).hex()}.part")
    with naming(target):
        stream = draft.open("xb")
        if target.exists():
            draft.chmod(stat.S_IMODE(target.stat().st_mode))
    try:
        yield draft, stream
    finally:
        with suppress(OSError):
            stream.close()
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _target(path: Path) -> Path:
    """The file to write, behind any links; OutputError if it cannot be one."""
    try:
        with naming(path):
            target = path.resolve()
            is_folder, has_folder = target.is_dir(), target.parent.is_dir()
    except ValueError as error:
        raise OutputError(f"'{path}' is no file name: {error}") from None
    if is_folder:
        raise OutputError(f"'{path}' is a folder; name a file in it")
    if not has_folder:
        raise OutputError(f"there is no folder '{path.parent}' to write '{path.name}' in")
    return target

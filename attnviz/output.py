"""Files that appear complete or not at all, and streams that others read as they are written."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from shutil import copyfileobj
from typing import BinaryIO

from attnviz.errors import OutputError, quote

STDOUT = ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")
MOST_LINKS = 40  # as many as Linux follows
IN_MEMORY = 1 << 22  # bytes for a stream that are kept before they go to the disk
KINDS = (
    (stat.S_ISDIR, "is a folder; name a file in it"),
    (stat.S_ISSOCK, "is a socket, which nothing can be written to as a file"),
    (lambda mode: stat.S_ISBLK(mode) or stat.S_ISCHR(mode), "is a device; name a file"),
)

_drafts: set[Path] = set()  # of the whole process, for whoever ends it at once


@contextmanager
def all_or_nothing(paths: Sequence[Path]) -> Iterator[list[BinaryIO]]:
    """Open a file for each path; they take their names together, once all is written.

    Until then they are hidden files in the same folders, so that what is there stays untouched
    and a folder that cannot be written is known before anything is computed. What goes to a pipe
    or to standard output goes there when all is written. Nothing else than a regular file is
    ever replaced.
    """
    streams = {path for path in paths if streamed(path)}
    targets = {path: _target(path) for path in paths if path not in streams}
    with ExitStack() as stack:
        drafts = {path: stack.enter_context(_draft(target)) for path, target in targets.items()}
        held = {path: stack.enter_context(_held()) for path in streams}
        files = {path: stream for path, (_, stream) in drafts.items()}
        yield [held[path] if path in streams else files[path] for path in paths]
        for path, stream in files.items():
            with naming(path):
                stream.close()
        for path in dict.fromkeys(path for path in paths if path in streams):
            with naming(path):
                _pour(held[path], path)
        for path, (draft, _) in drafts.items():
            with naming(path):
                _replace(draft, targets[path])


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """An error of the system while writing a file names that file."""
    try:
        yield
    except BrokenPipeError:  # whoever read it has gone, which is no error
        raise
    except OSError as error:
        raise OutputError(f"{_named(path)} cannot be written: {_reason(error)}") from None


def streamed(path: Path) -> bool:
    """Whether a path leads to a pipe or to standard output, which are written to as they are."""
    try:
        return leads_to_stdout(path) or stat.S_ISFIFO(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def require_no_other(path: Path) -> None:
    """Raise OutputError where something stands that no file may replace, such as a folder."""
    mode = _mode(path)
    for is_kind, refusal in KINDS:
        if mode is not None and is_kind(mode):
            raise OutputError(f"{_named(path)} {refusal}")


def leads_to_stdout(path: Path) -> bool:
    """Whether a path is standard output, by its own name or through links."""
    try:
        at = Path(os.path.normpath(Path.cwd() / path))
        for _ in range(MOST_LINKS):
            if str(at) in (*STDOUT, f"/proc/{os.getpid()}/fd/1"):
                return True
            at = Path(os.path.normpath(at.parent / at.readlink()))
    except (OSError, ValueError):  # no link, so a file of its own
        pass
    return False


def remove_drafts() -> None:
    """Take away what is half written, for a process that is about to end without more ado."""
    for draft in list(_drafts):
        with suppress(OSError):
            draft.unlink(missing_ok=True)


@contextmanager
def _draft(target: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A new file beside the target, with its permissions; gone again at the end."""
    draft = target.with_name(f".attnviz-{os.urandom(6).hex()}.part")
    _drafts.add(draft)
    try:
        with naming(target):
            stream = draft.open("xb")
            if target.exists():
                draft.chmod(stat.S_IMODE(target.stat().st_mode))
        try:
            yield draft, stream
        finally:
            with suppress(OSError):
                stream.close()
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        _drafts.discard(draft)


@contextmanager
def _held() -> Iterator[BinaryIO]:
    """Where what is meant for a stream waits until all is written; it has no name anywhere."""
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as held:
        yield held  # type: ignore[misc]


def _pour(held: BinaryIO, path: Path) -> None:
    """Write what was held to standard output, or to the pipe once somebody reads it."""
    held.seek(0)
    if leads_to_stdout(path):
        with os.fdopen(os.dup(1), "wb") as stream:
            copyfileobj(held, stream)
        return
    with os.fdopen(os.open(path, os.O_WRONLY), "wb") as stream:
        if not stat.S_ISFIFO(os.fstat(stream.fileno()).st_mode):
            raise OutputError(f"{_named(path)} is no longer the pipe that it was")
        copyfileobj(held, stream)


def _replace(draft: Path, target: Path) -> None:
    """Give a draft its name, unless something that is no file has taken that meanwhile."""
    try:
        regular = stat.S_ISREG(target.lstat().st_mode)
    except FileNotFoundError:
        regular = True
    if not regular:
        raise OutputError(f"{_named(target)} is no longer a file")
    draft.replace(target)


def _target(path: Path) -> Path:
    """The file to write, behind any links; OutputError if it cannot be one."""
    with naming(path):
        require_no_other(path)
        if _mode(path) is not None:  # what may not be written may not be replaced either, as by cp
            os.close(os.open(path, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0)))
        target = path.resolve()
        if not target.parent.is_dir():
            raise OutputError(
                f"there is no folder {_named(path.parent)} to write {_named(Path(path.name))} in"
            )
    return target


def _mode(path: Path) -> int | None:
    """What kind of file stands there, behind any links; None where nothing does."""
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError as error:
        raise OutputError(f"{_named(path)} is no file name: {error}") from None


def _named(path: Path) -> str:
    return quote(path, 200)


def _reason(error: OSError) -> str:
    return error.strerror or str(error)

"""What is said of files once they are written, and opening them for who asked to see them."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

from attnviz.cli.progress import on_terminal
from attnviz.errors import OutputError, quote
from attnviz.output import streamed
from attnviz.stderr import say

PNG = b"\x89PNG\r\n\x1a\n"


def tell_of(paths: Iterable[Path]) -> None:
    """Say on a terminal what has been written and how large it is."""
    if not on_terminal():
        return
    from attnviz.render.safe import visible

    for path in paths:
        if not streamed(path):
            say(visible(f"wrote {path} ({_size(path)})") + "\n")


def open_files(paths: Iterable[Path]) -> None:
    """Show files in the programs of this machine for them, or raise OutputError."""
    import webbrowser

    for path in paths:
        if not streamed(path) and not webbrowser.open(path.resolve().as_uri()):
            raise OutputError(f"nothing on this machine opens {quote(path, 200)}; open it yourself")


def _size(path: Path) -> str:
    """The pixels of a PNG, or the bytes of anything else."""
    try:
        with path.open("rb") as file:
            begin = file.read(24)
        if begin.startswith(PNG):
            width, height = struct.unpack(">II", begin[16:24])
            return f"{width} × {height}"
        n_bytes = path.stat().st_size
    except OSError:
        return "gone"
    return f"{n_bytes / 1e6:.1f} MB" if n_bytes >= 1e6 else f"{max(n_bytes // 1000, 1)} kB"

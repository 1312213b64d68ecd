"""What workers on this machine do before they begin: leave Ctrl-C to whoever started them."""

from __future__ import annotations

import signal


def dask_setup(_worker: object) -> None:
    """Called by Dask in each worker's process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

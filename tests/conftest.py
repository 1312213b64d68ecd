"""What all tests share: how much hypothesis tries, the same again in CI, and signals to hear."""

from __future__ import annotations

import os
import signal

from hypothesis import settings

settings.register_profile("here", deadline=None, max_examples=50)
settings.register_profile("ci", deadline=None, max_examples=50, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

# Whoever starts tests in the background, as nohup does, may have signals ignored, and programs that
# tests start would inherit that.
for name in ("SIGINT", "SIGHUP"):
    number = getattr(signal, name, None)
    if number is not None and signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)

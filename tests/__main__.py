"""``python -m tests``: everything that must hold before a change is done; CI runs the same.

Arguments go to pytest, as in ``python -m tests -x tests/core``; without any, all tests run on all
cores.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CHECKS = ("ruff format --check .", "ruff check .", "mypy", "pytest")
EVERYTHING = ("-n", "auto")


def main(arguments: Sequence[str]) -> int:
    """Run every check, also behind one that fails; 0 where all pass."""
    failed = [check for check in CHECKS if not passes(check, arguments)]
    print(f"failed: {', '.join(failed)}" if failed else "all checks pass")
    return 1 if failed else 0


def passes(check: str, arguments: Sequence[str]) -> bool:
    """Whether a check finds nothing; it speaks for itself."""
    more = (arguments or EVERYTHING) if check == "pytest" else ()
    print(f"--- {check}", flush=True)
    return (
        subprocess.run([sys.executable, "-m", *shlex.split(check), *more], cwd=ROOT).returncode == 0
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

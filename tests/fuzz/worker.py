"""Tries one input after another in this process and prints how each ended, a line each."""

from __future__ import annotations

import faulthandler
import os
import random
import resource
import sys
import time
import traceback
from pathlib import Path

from tests.fuzz.groups import GROUPS
from tests.fuzz.judge import Judge

__all__ = ["stream_of"]


def stream_of(group: str, seed: int, number: int) -> random.Random:
    """The random stream that an input is drawn from."""
    return random.Random(f"{group}-{seed}-{number}")


MOST_MEMORY = 6 << 30  # bytes, so that whatever takes more ends alone


def main() -> None:
    """``python -m tests.fuzz.worker GROUP SEED FIRST COUNT UNTIL FOLDER``."""
    group, seed, first, count, until, folder = sys.argv[1:]
    place = Path(folder) / "place"
    place.mkdir(parents=True, exist_ok=True)
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    faulthandler.enable((Path(folder) / "faults").open("w"))
    os.environ.update(HF_HOME=str(place / "home"), COLUMNS="100", NO_PROXY="*")
    for name in ("ATTNVIZ_MODEL", "NO_COLOR", "FORCE_COLOR", "HF_TOKEN", "HF_ENDPOINT"):
        os.environ.pop(name, None)
    os.chdir(place)
    if not group.endswith("pages"):  # whose browser needs more
        resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    made = GROUPS[group](place)
    judge = Judge(place)
    judge.take_streams()
    for number in range(int(first), int(first) + int(count)):
        if time.time() > float(until):
            break
        print("begun", number, file=answers)
        try:
            case = made.case(stream_of(group, int(seed), number))
        except Exception:  # of this program, not of what is tried
            print("made", number, traceback.format_exc().replace("\n", " | "), file=answers)
            continue
        complaint = judge.complaint(case)
        print("ended", number, judge.code, complaint or "", file=answers)
    print("done", file=answers, flush=True)
    os._exit(0)  # threads of the library may be at work for ever


if __name__ == "__main__":
    main()

"""A few inputs of every group of the campaign; ``python -m tests.fuzz`` tries as many as wanted."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from tests.fuzz.__main__ import SHARES, Campaign
from tests.fuzz.groups import GROUPS
from tests.fuzz.judge import Judge, by_library
from tests.fuzz.values import broken_bytes, broken_json, text
from tests.fuzz.worker import stream_of

FEW = 25


def in_a_browser(group: str) -> object:
    return pytest.param(group, marks=pytest.mark.browser) if group.endswith("pages") else group


def test_every_group_has_its_share() -> None:
    assert set(SHARES) == set(GROUPS)


@pytest.mark.parametrize("group", [in_a_browser(group) for group in GROUPS])
def test_whatever_goes_in_a_sentence_or_a_result_comes_out(group: str) -> None:
    campaign = Campaign(0, None)
    campaign.run(group, 0, FEW, time.time() + 600)
    assert campaign.found == []
    assert campaign.tried[group] == FEW


def test_group_seed_and_number_make_the_same_input() -> None:
    def drawn(number: int) -> tuple[str, bytes, bytes]:
        random = stream_of("config", 7, number)
        return text(random), broken_json(random, {"a": [1, 2]}), broken_bytes(random, b"abcdef")

    assert drawn(3) == drawn(3) != drawn(4)


@pytest.mark.parametrize(
    ("work", "complaint"),
    [
        (lambda: 1 / 0, "unforeseen"),
        (lambda: print("\x1b[31m"), "prints escapes"),
        (lambda: Path("x.part").touch(), "left "),
    ],
)
def test_the_judge_complains_of_what_must_not_be(tmp_path, monkeypatch, work, complaint) -> None:
    place = tmp_path / "place"
    place.mkdir()
    monkeypatch.chdir(place)
    with closing(Judge(place)) as judge:
        assert judge.complaint(by_library(lambda: Random(0).random())) is None
        assert str(judge.complaint(by_library(work))).startswith(complaint)

"""Files appear complete or not at all, and what cannot be written is known beforehand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from attnviz.cli.files import all_or_nothing
from attnviz.errors import OutputError


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_files_appear_when_all_are_written(tmp_path):
    paths = [tmp_path / "a", tmp_path / "b"]
    with all_or_nothing(paths) as streams:
        for stream in streams:
            stream.write(b"whole")
        assert not any(path.exists() for path in paths)
    assert left(tmp_path) == ["a", "b"]
    assert (tmp_path / "a").read_bytes() == b"whole"


def test_a_failure_leaves_nothing_behind_and_what_was_there_untouched(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    with (
        pytest.raises(KeyboardInterrupt),
        all_or_nothing([tmp_path / "a", tmp_path / "b"]) as files,
    ):
        files[0].write(b"half")
        raise KeyboardInterrupt
    assert left(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_a_new_file_has_the_usual_permissions_and_an_old_one_keeps_its_own(tmp_path):
    (tmp_path / "old").touch(mode=0o640)
    (tmp_path / "plain").touch()
    with all_or_nothing([tmp_path / "old", tmp_path / "new"]):
        pass
    modes = {name: (tmp_path / name).stat().st_mode & 0o777 for name in ("old", "new", "plain")}
    assert modes["old"] == 0o640
    assert modes["new"] == modes["plain"]


def test_behind_a_link_the_file_changes_and_the_link_stays(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with all_or_nothing([tmp_path / "link"]) as (stream,):
        stream.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_a_disk_that_is_full_is_named_and_leaves_nothing(tmp_path, monkeypatch):
    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with (
        pytest.raises(OutputError, match="a' cannot be written: No space left"),
        all_or_nothing([tmp_path / "a"]),
    ):
        pass
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing/a.png", "there is no folder '.*missing'"),
        (".", "is a folder"),
        ("x" * 300, "cannot be written: File name too long"),
        ("nul\0.png", "is no file name"),
        ("file/a.png", "there is no folder"),
    ],
)
def test_a_place_that_cannot_be_written_is_refused_before_the_work(tmp_path, name, reason):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=reason), all_or_nothing([tmp_path / name]):
        pytest.fail("the work began")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_refused_before_the_work(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="Permission denied"), all_or_nothing([tmp_path / "a"]):
        pytest.fail("the work began")

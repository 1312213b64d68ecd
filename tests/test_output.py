"""Files appear complete or not at all, and what cannot be written is known beforehand."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import pytest

from attnviz.errors import OutputError
from attnviz.output import all_or_nothing, leads_to_stdout


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


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A folder that any user may write in."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


@contextmanager
def without_root() -> Iterator[None]:
    """For root, whom no permission binds, the life of somebody else."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


def test_a_file_that_may_not_be_written_is_not_replaced_either(open_to_all):
    kept = open_to_all / "kept.json"
    (open_to_all / "link.json").symlink_to(kept)
    with without_root():
        kept.write_text("old")
        kept.chmod(0o444)
        before = kept.stat()
        for name in ("kept.json", "link.json"):
            with (
                pytest.raises(OutputError, match=r"json' cannot be written: Permission denied"),
                all_or_nothing([open_to_all / "new.json", open_to_all / name]),
            ):
                pytest.fail("the work began")
    assert kept.read_text() == "old" and kept.stat() == before
    assert left(open_to_all) == ["kept.json", "link.json"]


def test_a_file_that_is_left_as_it_was_keeps_its_time(tmp_path):
    (tmp_path / "a").write_text("old")
    before = (tmp_path / "a").stat().st_mtime_ns
    with pytest.raises(KeyboardInterrupt), all_or_nothing([tmp_path / "a"]):
        raise KeyboardInterrupt
    assert (tmp_path / "a").stat().st_mtime_ns == before


def read_while(path: Path, write) -> bytes:
    """What a reader of a pipe gets while something writes into it."""
    got: list[bytes] = []
    reader = Thread(target=lambda: got.append(path.read_bytes()), daemon=True)
    reader.start()
    write()
    reader.join(timeout=30)
    return got[0]


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "link.json").symlink_to("pipe.json")

    def write():
        with all_or_nothing([tmp_path / "link.json", tmp_path / "a"]) as (pipe, file):
            pipe.write(b"through")
            file.write(b"beside")

    assert read_while(tmp_path / "pipe.json", write) == b"through"
    assert (tmp_path / "pipe.json").is_fifo() and (tmp_path / "link.json").is_symlink()
    assert left(tmp_path) == ["a", "link.json", "pipe.json"]


def test_nothing_goes_into_a_pipe_when_something_fails(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(KeyboardInterrupt), all_or_nothing([tmp_path / "pipe"]) as (pipe,):
        pipe.write(b"half")
        raise KeyboardInterrupt
    descriptor = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    assert os.read(descriptor, 10) == b""
    os.close(descriptor)


@pytest.mark.parametrize("path", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_standard_output_is_known_by_its_names_and_through_links(tmp_path, path):
    (tmp_path / "first.json").symlink_to(path)
    (tmp_path / "second.json").symlink_to("first.json")
    assert leads_to_stdout(Path(path)) and leads_to_stdout(tmp_path / "second.json")
    assert not leads_to_stdout(tmp_path / "file.json")


def test_what_is_no_file_is_refused_and_stays(tmp_path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        (tmp_path / "folder").mkdir()
        (tmp_path / "null").symlink_to("/dev/null")
        (tmp_path / "circle").symlink_to("circle")
        before = {path.name: path.lstat().st_ino for path in tmp_path.iterdir()}
        for name, reason in (
            ("socket", "is a socket"),
            ("folder", "is a folder"),
            ("null", "is a device"),
            ("circle", "Too many levels of symbolic links"),
        ):
            with pytest.raises(OutputError, match=reason), all_or_nothing([tmp_path / name]):
                pytest.fail("the work began")
        assert {path.name: path.lstat().st_ino for path in tmp_path.iterdir()} == before


def test_what_has_become_no_file_meanwhile_is_not_replaced(tmp_path):
    with (
        pytest.raises(OutputError, match="is no longer a file"),
        all_or_nothing([tmp_path / "a"]),
    ):
        os.mkfifo(tmp_path / "a")
    assert (tmp_path / "a").is_fifo()
    assert left(tmp_path) == ["a"]

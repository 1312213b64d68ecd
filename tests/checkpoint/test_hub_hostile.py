"""A mirror may answer anything: nothing is written outside the cache, and one sentence is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from attnviz.checkpoint import hub_answers
from attnviz.checkpoint.hub import endpoint
from attnviz.checkpoint.source import resolve
from attnviz.errors import ModelError
from tests.checkpoint.hub_server import Hub
from tests.checkpoint.raw import MODEL

OUTSIDE = "../../../../../outside"


def everything(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def refusal(name: str = "org/model") -> str:
    with pytest.raises(ModelError) as refused:
        resolve(name)
    said = str(refused.value)
    assert "\n" not in said and len(said) < 600
    return said


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("ETag", f'"{OUTSIDE}"'),
        ("ETag", 'W/"/etc/passwd"'),
        ("ETag", '".."'),
        ("ETag", '""'),
        ("ETag", '"' + "a" * 4000 + '"'),
        ("X-Linked-Etag", f'"{OUTSIDE}"'),
        ("X-Repo-Commit", OUTSIDE),
        ("X-Repo-Commit", "b" * 40),
        ("X-Repo-Commit", ""),
        ("X-Linked-Size", "-1"),
        ("X-Linked-Size", "ten"),
        ("X-Linked-Size", "9" * 50),
        ("X-Linked-Size", str(10**12)),
    ],
)
def test_headers_that_would_become_paths_or_sizes_are_refused(
    hub: Hub, tmp_path: Path, header: str, value: str
) -> None:
    hub.add("org/model", MODEL)
    hub.headers[header] = value
    assert "does not answer as the Hub does: " in refusal()
    assert everything(tmp_path) == set()


def test_headers_of_a_file_that_is_missing_are_checked_as_well(hub: Hub, tmp_path: Path) -> None:
    hub.add("org/model", MODEL)
    hub.gone.add("config.json")
    hub.headers["X-Repo-Commit"] = OUTSIDE
    assert "does not answer as the Hub does" in refusal()
    assert everything(tmp_path) == set()


def test_more_bytes_than_were_announced_are_not_written(hub: Hub, cache: Path) -> None:
    hub.add("org/model", MODEL)
    hub.padding = 5_000_000
    assert "it sends more than it said" in refusal()
    assert all(path.stat().st_size < 1000 for path in everything(cache))


def test_an_endless_answer_is_not_read_to_its_end(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_answers, "LARGEST_ANSWER", 1000)
    hub.page = b"[" + b" " * 5000 + b"]"
    assert "it sends more than it said" in refusal()


@pytest.mark.parametrize(
    "answer",
    [
        None, [], 7, "text", {}, {"sha": 1}, {"sha": OUTSIDE}, {"sha": "a" * 40, "siblings": 3},
        {"sha": "a" * 40, "siblings": [{"rfilename": None}]},
        {"id": [], "sha": "a" * 40, "siblings": [{}]},
        {"id": "org/model", "sha": "a" * 40, "siblings": [{"rfilename": OUTSIDE}]},
        {"id": "org/model", "sha": "a" * 40, "lastModified": "never"},
    ],
    ids=str,
)  # fmt: skip
def test_json_that_no_hub_sends_is_one_sentence(hub: Hub, tmp_path: Path, answer: object) -> None:
    hub.page = json.dumps(answer).encode()
    refusal()
    assert everything(tmp_path) == set()


@pytest.mark.parametrize("page", [b"", b"<html>", b"\xff\xfe", b"[" * 100_000, b"{" + b"9" * 9999])
def test_what_is_no_json_is_one_sentence(hub: Hub, page: bytes) -> None:
    hub.page = page
    assert "does not answer as the Hub does" in refusal()


@pytest.mark.parametrize(
    "address",
    ["http://a b", "http://\x1b[31m", "ftp://host", "http://", "http://[", "http://host:99999999",
     "http://host\n", "x" * 5000, "http://h\u00e4"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("HF_ENDPOINT", address)
    with pytest.raises(ModelError, match=r"^HF_ENDPOINT is ") as refused:
        endpoint()
    assert str(refused.value).isprintable() and len(str(refused.value)) < 300


def test_credentials_in_the_address_are_never_shown(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for address in ("me:secret@", "me:sec@ret@", "secret@"):
        monkeypatch.setenv("HF_ENDPOINT", hub.address.replace("//", f"//{address}"))
        for status in (403, 418):
            hub.status = status
            assert "secret" not in refusal() and "ret@" not in refusal()
    monkeypatch.setenv("HF_ENDPOINT", "ftp://me:secret@host")
    assert "secret" not in refusal()
    assert "secret" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("token", ["hf_with space", "hf_\x1b[31m", "hf_\u00e4", "a\nb"])
def test_a_token_that_cannot_be_sent_is_refused_and_not_shown(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    hub.add("org/model", MODEL)
    monkeypatch.setenv("HF_TOKEN", token)
    assert "HF_TOKEN holds characters that no token has" in refusal()


def test_the_client_says_nothing_of_its_own(
    hub: Hub, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    hub.add("org/model", MODEL)
    hub.cuts["model.safetensors"] = [100, 100]  # which it would tell, and try again
    resolve("org/model")
    assert "".join(capfd.readouterr()) == "" and caplog.text == ""


def test_the_client_is_afterwards_as_it_was(hub: Hub) -> None:
    from huggingface_hub.utils import _http

    before = _http._GLOBAL_CLIENT_FACTORY
    hub.add("org/model", MODEL)
    resolve("org/model")
    assert _http._GLOBAL_CLIENT_FACTORY is before

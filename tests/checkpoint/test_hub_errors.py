"""What the Hub, the network or the cache refuses is told in one sentence."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from attnviz.checkpoint.source import resolve
from attnviz.errors import BadCheckpoint, ModelError, ModelNotFound
from tests.checkpoint.hub_server import TOKEN, Hub
from tests.checkpoint.raw import MODEL, SHARDED, SMALL

WEIGHTS = MODEL["model.safetensors"]


def test_what_torch_saved_is_fetched_where_there_are_no_safetensors(hub: Hub) -> None:
    saved = (Path(__file__).parents[1] / "fixtures/torch/zip.bin").read_bytes()
    hub.add("org/model", SMALL | {"pytorch_model.bin": saved, "tf_model.h5": b""})
    assert (resolve("org/model").folder / "pytorch_model.bin").read_bytes() == saved
    assert not any("tf_model" in asked for asked in hub.asked("/resolve/"))


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (
            {"config.json": b"{}", "tf_model.h5": b""},
            r"has no model\.safetensors and no pytorch_model\.bin",
        ),
        ({"model.safetensors": WEIGHTS}, r"has no config\.json"),
        ({"sub/config.json": b"", "model.safetensors": WEIGHTS}, r"has no config\.json"),
    ],
)
def test_a_repository_without_a_checkpoint_is_refused(
    hub: Hub, files: dict[str, bytes], reason: str
) -> None:
    hub.add("org/model", files)
    with pytest.raises(BadCheckpoint, match=rf"^'org/model' {reason}"):
        resolve("org/model")


def test_an_index_that_names_a_file_outside_is_refused(hub: Hub, cache: Path) -> None:
    index = json.dumps({"weight_map": {"a": "../../../../evil.safetensors"}}).encode()
    hub.add("org/model", SMALL | {"model.safetensors.index.json": index})
    with pytest.raises(BadCheckpoint, match="not a safetensors file of this folder"):
        resolve("org/model")


def test_an_index_that_names_a_missing_file_is_refused(hub: Hub) -> None:
    hub.add("org/model", {k: v for k, v in SHARDED.items() if k != "model-2.safetensors"})
    with pytest.raises(BadCheckpoint, match=r"names model-2\.safetensors, which is not there"):
        resolve("org/model")


@pytest.mark.parametrize("token", [None, TOKEN])  # the Hub answers 401 or 404
def test_an_unknown_name_is_refused_with_one_that_is_near(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, token: str | None
) -> None:
    hub.add("org/bert-base-uncased", MODEL)
    resolve("org/bert-base-uncased")
    if token:
        monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(
        ModelNotFound,
        match="^no model named 'org/bert-bsae-uncased' on this machine or on the Hub, .*; "
        r"did you mean 'org/bert-base-uncased'\?$",
    ):
        resolve("org/bert-bsae-uncased")


def test_an_unknown_revision_is_refused(hub: Hub) -> None:
    hub.add("org/model", MODEL)
    with pytest.raises(ModelNotFound, match=r"^'org/model' has no revision 'v9'$"):
        resolve("org/model@v9")


def test_a_private_model_needs_the_token_which_the_cdn_never_sees(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.add("org/model", MODEL)
    hub.repositories["org/model"].private = True
    with pytest.raises(ModelNotFound, match="a private one needs HF_TOKEN"):
        resolve("org/model")
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert resolve("org/model").kind == "hub"
    assert [request.token for request in hub.asked("/cdn/")] == [None]


def test_a_gated_model_says_where_to_accept_its_terms(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.add("org/model", MODEL)
    hub.repositories["org/model"].gated = True
    with pytest.raises(ModelError, match=f"is gated; accept its terms at {hub.address}/org/model"):
        resolve("org/model")
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert resolve("org/model").kind == "hub"


def test_a_wrong_token_is_said_to_be_wrong(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.add("org/model", MODEL)
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(ModelError, match="the Hub refuses the token in HF_TOKEN"):
        resolve("org/model")


@pytest.mark.parametrize(
    ("status", "reason"),
    [(403, "check its permissions"), (429, "asks to slow down"), (503, "answered 503 when asked")],
)
def test_a_hub_that_refuses_is_quoted(hub: Hub, status: int, reason: str) -> None:
    hub.status = status
    with pytest.raises(ModelError, match=reason):
        resolve("org/model")


@pytest.mark.parametrize("page", [b"<html>Log in to the hotel's network</html>", b"{}", b"[1]"])
def test_a_server_that_is_no_hub_is_noticed(hub: Hub, page: bytes) -> None:
    hub.page = page
    with pytest.raises(ModelError, match="does not answer as the Hub does; check HF_ENDPOINT"):
        resolve("org/model")


def test_a_server_that_is_not_there_is_named(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(
        ModelError, match=r"fetching it from http://127\.0\.0\.1:9 failed: .*refused"
    ):
        resolve("org/model")


@pytest.mark.parametrize("address", ["huggingface", "ftp://x", "http://", "http://[::", "\x1b[2J"])
def test_an_endpoint_that_is_no_address_is_refused(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", address)
    with pytest.raises(ModelError, match=r"^HF_ENDPOINT is .* not an http or https address$") as e:
        resolve("org/model")
    assert str(e.value).isprintable()


def test_a_cache_that_cannot_be_written_is_named(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.add("org/model", MODEL)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "file"))
    with pytest.raises(
        ModelError, match=r"cannot be written to the cache '.*file.*': Not a directory; HF_H"
    ):
        resolve("org/model")


def test_without_the_client_the_extra_is_named(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(
        ModelNotFound, match=r"'org/model' is not on .* pip install 'attnviz\[hub\]'"
    ):
        resolve("org/model")

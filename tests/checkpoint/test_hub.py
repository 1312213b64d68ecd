"""Models come from the Hub through its own client: only what is needed, whole or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from attnviz.checkpoint.cache import find_snapshot
from attnviz.checkpoint.layout import missing_file
from attnviz.checkpoint.source import find, pull, resolve
from attnviz.checkpoint.tensors import open_tensors
from attnviz.errors import BadCheckpoint, ModelError, ModelNotFound
from tests.checkpoint.hub_server import TOKEN, Hub
from tests.checkpoint.raw import f32, tensor_bytes

WEIGHTS = tensor_bytes({"w": f32(np.arange(5000))})
SMALL = {"config.json": b'{"model_type": "bert"}', "tokenizer.json": b"{}"}
MODEL = SMALL | {"model.safetensors": WEIGHTS}
SHARDS = {"model-1.safetensors": tensor_bytes({"a": f32([1])}),
          "model-2.safetensors": tensor_bytes({"b": f32([2])})}  # fmt: skip
INDEX = {"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}
SHARDED = SMALL | SHARDS | {"model.safetensors.index.json": json.dumps(INDEX).encode()}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


# what is fetched


def test_a_model_is_fetched_and_can_be_read(hub: Hub, cache: Path) -> None:
    commit = hub.add("org/model", MODEL)
    source = resolve("org/model")
    assert (source.name, source.kind, source.revision) == ("org/model", "hub", commit)
    assert source.folder == cache / "models--org--model" / "snapshots" / commit
    np.testing.assert_array_equal(open_tensors(source.folder).read("w"), np.arange(5000))


def test_only_config_tokenizer_and_safetensors_are_fetched(hub: Hub) -> None:
    others = ["README.md", "pytorch_model.bin", "tf_model.h5", "onnx.safetensors", "vocab.txt",
              "flax_model.msgpack", "spiece.model", "run.py"]  # fmt: skip
    settings = ["tokenizer_config.json", "special_tokens_map.json", "generation_config.json"]
    hub.add("org/model", MODEL | dict.fromkeys(others, b"x") | dict.fromkeys(settings, b"{}"))
    assert names(resolve("org/model").folder) == {*MODEL, *settings}
    assert not [request for request in hub.requests if request.path.endswith(tuple(others))]


def test_without_tokenizer_json_the_vocabulary_files_are_fetched(hub: Hub) -> None:
    vocabulary = dict.fromkeys(["vocab.json", "merges.txt", "source.spm", "spiece.model"], b"x")
    files = {name: MODEL[name] for name in ("config.json", "model.safetensors")} | vocabulary
    hub.add("org/model", files | {"onnx/spiece.model": b"", "../up.model": b""})
    assert names(resolve("org/model").folder) == set(files)


def test_the_weights_come_last(hub: Hub) -> None:
    hub.add("org/model", MODEL)
    resolve("org/model")
    downloads = [request.path for request in hub.requests if request.method == "GET"]
    assert downloads[-1].endswith("model.safetensors")


def test_shards_are_those_that_the_index_names(hub: Hub) -> None:
    hub.add("org/model", SHARDED | {"consolidated.safetensors": b"", "model-3.safetensors": b""})
    source = resolve("org/model")
    assert names(source.folder) == set(SHARDED)
    assert open_tensors(source.folder).read("b").tolist() == [2]


def test_a_single_file_is_preferred_to_shards(hub: Hub) -> None:
    hub.add("org/model", SHARDED | MODEL)
    assert names(resolve("org/model").folder) == set(MODEL)


def test_an_old_name_without_organisation_is_followed_to_the_new_one(hub: Hub) -> None:
    hub.add("openai-community/gpt2", MODEL)
    hub.moved["gpt2"] = "openai-community/gpt2"
    assert resolve("gpt2").kind == "hub"
    assert resolve("gpt2").kind == "cache"


@pytest.mark.parametrize("revision", ["v2", "refs/pr/1"])
def test_a_revision_is_fetched_beside_the_newest(hub: Hub, revision: str) -> None:
    newest, other = hub.add("org/model", MODEL), hub.add("org/model", SHARDED, revision)
    assert resolve(f"org/model@{revision}").revision == other
    assert resolve("org/model").revision == newest
    assert resolve(f"org/model@{revision}", offline=True).revision == other
    assert resolve(f"org/model@{other}", offline=True).kind == "cache"


# what needs no network


def test_a_cached_model_is_used_without_a_request_or_the_client(hub: Hub) -> None:
    hub.add("org/model", MODEL)
    resolve("org/model")
    hub.requests.clear()
    script = "import sys; from attnviz.checkpoint.source import resolve; "
    script += "print(resolve('org/model').kind, 'huggingface_hub' in sys.modules)"
    assert python(script).stdout.split() == ["cache", "False"]
    assert not hub.requests


def test_a_newer_commit_is_fetched_when_it_is_asked_for(hub: Hub) -> None:
    old = hub.add("org/model", MODEL)
    resolve("org/model")
    new = hub.add("org/model", MODEL | {"config.json": b'{"model_type": "gpt2"}'})
    assert resolve("org/model").revision == old
    assert pull("org/model").revision == new
    assert resolve("org/model").revision == new
    assert len(hub.asked("/cdn/")) == 1  # the weights are the same


@pytest.mark.parametrize("variable", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
def test_offline_variables_forbid_requests(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    hub.add("org/model", MODEL)
    monkeypatch.setenv(variable, "1")
    with pytest.raises(ModelNotFound, match=r"no model named 'org/model' on this machine, and"):
        resolve("org/model")
    assert not hub.requests


def test_offline_says_which_name_is_near(hub: Hub) -> None:
    with pytest.raises(ModelNotFound, match=r"--offline forbids .*did you mean 'all-MiniLM-L6-v2'"):
        resolve("all-minilm-l6", offline=True)
    assert not hub.requests


def test_the_environment_of_a_process_is_honoured(hub: Hub, cache: Path) -> None:
    hub.add("org/secret", MODEL)
    hub.repositories["org/secret"].private = True
    script = "from attnviz.checkpoint.source import resolve; resolve('org/secret')"
    bar = {"HF_HUB_DISABLE_PROGRESS_BARS": "0", "TQDM_POSITION": "-1"}  # as on a terminal
    done = python(script, HF_TOKEN=TOKEN, **bar)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "model.safetensors: 100%" in done.stderr
    assert find_snapshot("org/secret", None) is not None


# what is refused


def test_pickles_alone_are_refused_before_anything_is_fetched(hub: Hub, cache: Path) -> None:
    hub.add("org/model", SMALL | {"pytorch_model.bin": b"\x80\x02."})
    with pytest.raises(BadCheckpoint, match=r"only as a pickle \('pytorch_model.bin'\).*@refs/pr/"):
        resolve("org/model")
    assert not hub.asked("/resolve/")
    assert not cache.exists()


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"config.json": b"{}", "model.gguf": b""}, r"has no model\.safetensors and no model"),
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


# what breaks off


def test_a_connection_cut_in_the_middle_is_resumed(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 1000)
    hub.add("org/model", MODEL)
    hub.cuts["model.safetensors"] = [7000]
    with suppress(ModelError):  # older clients do not go on by themselves
        resolve("org/model")
    folder = resolve("org/model").folder
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    assert [request.range for request in hub.asked("/cdn/")] == [None, "bytes=7000-"]


def test_a_download_that_breaks_off_leaves_nothing_that_loads(hub: Hub) -> None:
    hub.add("org/model", MODEL)
    hub.cuts["model.safetensors"] = [7000] + [0] * 20
    with pytest.raises(ModelError, match="'org/model' is not on this machine, and fetching it"):
        resolve("org/model")
    with pytest.raises(ModelNotFound, match="no model named 'org/model' on this machine"):
        resolve("org/model", offline=True)

    hub.cuts.clear()
    hub.requests.clear()
    assert resolve("org/model").kind == "hub"
    assert not hub.asked("config.json|tokenizer.json")  # they had arrived
    assert resolve("org/model", offline=True).kind == "cache"


def test_a_broken_off_shard_is_fetched_the_next_time(hub: Hub) -> None:
    commit = hub.add("org/model", SHARDED)
    hub.cuts["model-2.safetensors"] = [9] + [0] * 20
    with pytest.raises(ModelError):
        resolve("org/model")
    with pytest.raises(BadCheckpoint, match=r"'org/model@.*' without model-2\.safetensors, and"):
        resolve(f"org/model@{commit}", offline=True)
    hub.cuts.clear()
    assert open_tensors(resolve("org/model").folder).read("b").tolist() == [2]
    assert len(hub.asked(r"/cdn/.*/model-1\.safetensors")) == 1


def test_an_update_that_breaks_off_leaves_the_old_commit_in_use(hub: Hub) -> None:
    old = hub.add("org/model", MODEL)
    resolve("org/model")
    hub.add("org/model", MODEL | {"model.safetensors": tensor_bytes({"w": f32([1])})})
    hub.cuts["model.safetensors"] = [9] + [0] * 20
    with pytest.raises(ModelError):
        pull("org/model")
    assert resolve("org/model").revision == old


def test_a_cache_that_another_program_filled_in_part_is_completed(hub: Hub) -> None:
    import huggingface_hub

    hub.add("org/model", MODEL)
    huggingface_hub.hf_hub_download(
        "org/model", "config.json", endpoint=hub.address, cache_dir=os.environ["HF_HOME"] + "/hub"
    )
    here = find("org/model")
    assert here is not None
    assert missing_file(here.folder) == "model.safetensors"
    with pytest.raises(BadCheckpoint, match=r"has 'org/model' without model\.safetensors, and"):
        resolve("org/model", offline=True)
    assert names(resolve("org/model").folder) == set(MODEL)


def test_a_cached_model_without_tokenizer_gets_one_if_it_can(hub: Hub) -> None:
    commit = hub.add("org/model", MODEL)
    folder = resolve("org/model").folder
    (folder / "tokenizer.json").unlink()
    hub.status = 503
    assert resolve("org/model").kind == "cache"
    hub.status = None
    assert (resolve("org/model").folder / "tokenizer.json").exists()
    assert resolve("org/model").revision == commit


def python(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

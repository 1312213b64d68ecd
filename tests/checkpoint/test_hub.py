"""Models come from the Hub through its own client: only what is needed, whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from attnviz.checkpoint.cache import find_snapshot
from attnviz.checkpoint.layout import missing_file
from attnviz.checkpoint.source import find, pull, resolve
from attnviz.checkpoint.tensors import open_tensors
from attnviz.errors import BadCheckpoint, ModelError, ModelNotFound
from tests.checkpoint.hub_server import TOKEN, Hub
from tests.checkpoint.raw import MODEL, SHARDED, f32, tensor_bytes

WEIGHTS = MODEL["model.safetensors"]


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


def test_a_repository_of_one_gguf_is_fetched_whole_and_used_again(hub: Hub) -> None:
    files = {"model-q4.gguf": b"GGUF", "mmproj-model.gguf": b"GGUF", "README.md": b""}
    hub.add("org/model", files)
    assert names(resolve("org/model").folder) == {"model-q4.gguf"}
    hub.requests.clear()
    assert resolve("org/model").kind == "cache" and not hub.requests


def test_parts_of_a_gguf_are_one_and_a_missing_one_is_fetched(hub: Hub) -> None:
    parts = {f"model-0000{number}-of-00002.gguf": b"GGUF" for number in (1, 2)}
    hub.add("org/model", parts)
    folder = resolve("org/model").folder
    assert names(folder) == set(parts)
    (folder / "model-00002-of-00002.gguf").unlink()
    assert missing_file(folder) == "model-00002-of-00002.gguf"
    assert names(resolve("org/model").folder) == set(parts)


def test_of_several_gguf_files_none_is_fetched(hub: Hub) -> None:
    hub.add("org/model", {f"model-{kind}.gguf": b"" for kind in ("q2", "q3", "q4", "q5", "q8")})
    with pytest.raises(BadCheckpoint, match=r"model-q5\.gguf and 1 more\); fetch one with 'hf "):
        resolve("org/model")


def test_safetensors_are_preferred_to_a_gguf(hub: Hub) -> None:
    hub.add("org/model", MODEL | {"model.gguf": b"GGUF"})
    assert names(resolve("org/model").folder) == set(MODEL)


def test_an_adapter_is_fetched_without_its_base(hub: Hub) -> None:
    files = {
        "adapter_config.json": b"{}",
        "adapter_model.safetensors": b"x",
        "tokenizer.json": b"{}",
    }
    hub.add("org/adapter", files | {"adapter_model.bin": b"x", "training_args.bin": b"x"})
    assert names(resolve("org/adapter").folder) == set(files)
    hub.requests.clear()
    assert resolve("org/adapter").kind == "cache" and not hub.requests


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


def test_a_download_whose_process_is_killed_starts_again(hub: Hub) -> None:
    hub.add("org/model", MODEL)
    hub.cuts["model.safetensors"] = [7000]
    hub.hang_up.clear()
    script = "from attnviz.checkpoint.source import resolve; resolve('org/model')"
    with subprocess.Popen([sys.executable, "-c", script]) as process:
        while not hub.asked("/cdn/"):
            assert process.poll() is None
            Event().wait(0.01)
        process.kill()
    hub.hang_up.set()
    with pytest.raises(ModelNotFound, match="no model named 'org/model' on this machine"):
        resolve("org/model", offline=True)
    assert (resolve("org/model").folder / "model.safetensors").read_bytes() == WEIGHTS


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

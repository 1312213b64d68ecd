"""Fetching a checkpoint from the Hugging Face Hub into the cache, the weights last."""

from __future__ import annotations

import os
import re
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

from attnviz.checkpoint.cache import COMMIT, DEFAULT_REVISION, Snapshot, hub_cache, repo_folder
from attnviz.checkpoint.hub_answers import Answers, OddAnswer, checked_answers
from attnviz.checkpoint.hub_errors import ODD, HubRequest, hub_error
from attnviz.checkpoint.hub_files import Repository, small_files, weight_files
from attnviz.errors import ModelError, ModelNotFound, quote

OFFICIAL = "https://huggingface.co"
ADDRESS = re.compile(r"[!-~]{1,500}", re.ASCII)  # printable, without spaces
TOKEN = re.compile(r"[!-~]{1,1000}", re.ASCII)
PATIENCE = 30.0  # seconds for an answer


def offline_by_environment() -> bool:
    """Whether HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE forbids to use the network."""
    value = os.environ.get("HF_HUB_OFFLINE") or os.environ.get("TRANSFORMERS_OFFLINE") or ""
    return value.upper() in {"1", "ON", "YES", "TRUE"}


def endpoint() -> str:
    """Where the Hub is: HF_ENDPOINT, or huggingface.co."""
    url = (os.environ.get("HF_ENDPOINT") or OFFICIAL).rstrip("/")
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or not ADDRESS.fullmatch(url):
        raise ModelError(f"HF_ENDPOINT is {quote(url)}, which is not an http or https address")
    return url


def fetch(name: str, revision: str | None, *, similar: str | None = None) -> Snapshot:
    """Download what is missing of a repository at a branch, tag or commit, main by default.

    Weights come last, and the branch leads to the new commit only when all is there: a download
    that breaks off leaves nothing that looks whole, and the next one fetches the rest.
    ``similar`` is a name to suggest should the Hub not know this one.
    """
    hub, address = _client(name), endpoint()
    _require_sendable_token()
    errors = hub.errors.HfHubHTTPError.__mro__[1]  # of whichever HTTP library it is built on
    try:
        with checked_answers(hub, hub_cache(), is_hub=address == OFFICIAL) as answers:
            found = _look_up(hub, address, name, revision)
            answers.commit = found.commit
            _download(hub, address, found, answers)
        _remember(found, revision or DEFAULT_REVISION)
    except (OSError, *ODD, errors) as error:
        raise hub_error(error, hub.errors, HubRequest(name, revision, address, similar)) from None
    ref = None if revision == found.commit else revision or DEFAULT_REVISION
    return Snapshot(name, found.commit, _snapshot(found), ref)


def _require_sendable_token() -> None:
    token = (os.environ.get("HF_TOKEN") or "").strip()
    if token and not TOKEN.fullmatch(token):
        raise ModelError("HF_TOKEN holds characters that no token has; correct it or unset it")


def _client(name: str) -> ModuleType:
    try:
        import huggingface_hub
        import huggingface_hub.errors
    except ImportError:
        raise ModelNotFound(
            f"{quote(name)} is not on this machine; fetching it from the Hub needs "
            "huggingface_hub, which pip install 'attnviz[hub]' brings"
        ) from None
    return huggingface_hub


def _look_up(hub: ModuleType, address: str, name: str, revision: str | None) -> Repository:
    """Ask the Hub which commit a revision is and which files it has."""
    api = hub.HfApi(endpoint=address, library_name="attnviz")
    info = api.model_info(name, revision=revision, timeout=PATIENCE)
    if not (isinstance(info.sha, str) and COMMIT.fullmatch(info.sha)):
        raise OddAnswer("it names no commit")
    names = (file.rfilename for file in info.siblings or ())
    return Repository(name, info.sha, frozenset(n for n in names if isinstance(n, str)))


def _download(hub: ModuleType, address: str, found: Repository, answers: Answers) -> None:
    """Fetch settings and tokenizer, then the weights, each file whole or not at all."""

    def get(file: str) -> None:
        answers.expect(file)
        hub.hf_hub_download(
            found.name,
            file,
            revision=found.commit,
            cache_dir=hub_cache(),
            endpoint=address,
            library_name="attnviz",
        )

    for file in small_files(found):
        get(file)
    for file in weight_files(found, _snapshot(found)):
        get(file)


def _snapshot(found: Repository) -> Path:
    return repo_folder(found.name) / "snapshots" / found.commit


def _remember(found: Repository, revision: str) -> None:
    """Let a branch or tag lead to this commit, as the cache's layout has it, in one step."""
    if revision == found.commit:
        return
    ref = repo_folder(found.name) / "refs" / revision
    ref.parent.mkdir(parents=True, exist_ok=True)
    draft = ref.with_name(f".{ref.name}.{os.getpid()}")
    draft.write_text(found.commit, "ascii")
    draft.replace(ref)

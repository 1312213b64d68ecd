"""A model's files as bytes, for workers on machines where its folder is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnviz.errors import ClusterError, OutputError, quote

if TYPE_CHECKING:
    from attnviz.model import Model


SUFFIXES = (".json", ".txt", ".model", ".tiktoken", ".jinja", ".safetensors")
WEIGHTS = (".bin",)  # where there are no .safetensors
LARGEST = 4 << 30  # bytes: more go by a folder that workers share


def read_files(model: Model) -> dict[str, bytes]:
    """The files of a model's folder that it is read from, by their names; none where it has none.

    ClusterError where they are too large to be sent.
    """
    files = [path for path in sorted(model.folder.glob("*")) if path.is_file()]
    saved = any(path.suffix == ".safetensors" for path in files)
    suffixes = SUFFIXES if saved else (*SUFFIXES, *WEIGHTS)
    chosen = [path for path in files if path.suffix in suffixes]
    if sum(path.stat().st_size for path in chosen) > LARGEST:
        raise ClusterError(
            f"{quote(model.info.name)} is on no worker and has more than {LARGEST >> 30} GB, too "
            "much to send; put its folder where all workers find it"
        )
    try:
        return {path.name: path.read_bytes() for path in chosen}
    except OSError as error:
        raise OutputError(f"{quote(model.folder)} cannot be read: {error.strerror}") from None

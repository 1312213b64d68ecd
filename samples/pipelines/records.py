"""Records in, a table out: what heads do, and the strongest links, over a set of dicts.

::

    python samples/pipelines/records.py reviews.jsonl --field text

Whatever iterates over dicts will do in the place of ``records``: a Hugging Face data set, as
``datasets.load_dataset(…, streaming=True)["train"]``, a cursor of a database, a queue.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from attnviz import corpus


def records(path: str) -> Iterator[dict[str, object]]:
    """The objects of a JSON Lines file, one at a time."""
    with Path(path).open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("path")
    parser.add_argument("--field", default="text")
    given = parser.parse_args()
    heads = corpus.heads(records(given.path), field=given.field)  # a pandas DataFrame
    links = corpus.links(records(given.path), field=given.field, n=3)
    print(heads.nlargest(3, "previous")[["layer", "head", "previous"]].to_string(index=False))
    pairs = links.groupby(["query", "key"]).weight.agg(["size", "mean"])
    print(pairs.sort_values(["size", "mean"]).tail(3).to_string())


if __name__ == "__main__":
    main()

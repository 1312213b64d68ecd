"""Record what transformers assumes of a config.json and which activations it knows; needs it.

::

    python -m tests.oracle.defaults

writes the defaults and the other names of keys of every family's configuration class, and the
names of all activations.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, fields
from typing import Any

from transformers import CONFIG_MAPPING
from transformers.activations import ACT2FN

from attnviz.families import FAMILIES
from tests.support.defaults import FILE


def main() -> None:
    recorded = {
        "activations": sorted(ACT2FN),
        "classes": {model_type: record(CONFIG_MAPPING[model_type]) for model_type in FAMILIES},
    }
    FILE.write_text(json.dumps(recorded, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def record(configuration: Any) -> dict[str, Any]:
    """The plain defaults of a configuration class, and its attribute_map."""
    defaults = {
        field.name: field.default
        for field in fields(configuration)
        if field.default is not MISSING and isinstance(field.default, (int, float, str, type(None)))
    }
    return {"defaults": defaults, "aliases": configuration.attribute_map}


if __name__ == "__main__":
    main()

"""What transformers assumes and knows, as recorded once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parents[1] / "fixtures" / "config_defaults.json"


def recorded() -> dict[str, Any]:
    """Defaults and aliases of each model_type's configuration class, and the activations."""
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found

"""The rules that Python and the page's JavaScript both follow, as cases that test both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["RULES"]

RULES: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "fixtures" / "rules.json").read_text(encoding="utf-8")
)

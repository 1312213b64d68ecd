"""One attention weight from beginning to end, as numbers: from an embedding to the new vector."""

from attnviz.analysis.explain.project import Projected
from attnviz.analysis.explain.recorded import Embedded, RecordedHead
from attnviz.analysis.explain.steps import Step, steps
from attnviz.analysis.explain.walk import Explanation, explain

__all__ = [
    "Embedded", "Explanation", "Projected", "RecordedHead", "Step", "explain", "steps",
]  # fmt: skip

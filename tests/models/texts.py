"""What the embedded model is held to: texts, and where transformers' answers are stored."""

from pathlib import Path

REFERENCE = Path(__file__).resolve().parents[1] / "fixtures" / "embedded.npz"
TEXTS = {
    "sentence": ("He took the hat and examined it carefully.",),
    "pair": ("Was it warm?", "The hat fitted him."),
}

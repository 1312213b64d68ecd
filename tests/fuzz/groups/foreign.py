"""What other programs save of attention, and lie about: BertViz, Inseq, arrays of NumPy."""

from __future__ import annotations

import io
import json
import zipfile
from base64 import b64decode, b64encode
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from tests.document import test_bertviz as bertviz
from tests.document import test_inseq as inseq
from tests.fuzz.groups.arrays import SIZES, TYPES
from tests.fuzz.judge import Case, by_program
from tests.fuzz.values import TEXTS, broken_bytes, changed

__all__ = ["Foreign"]

WAYS = (["--json"], ["--ask", "hat"], ["-o", "x.html"], ["-o", "x.csv"], ["--mean"], [])
WORDS = ["[CLS]", "He", " took", " hat"]
NAMES = ("encoder", "decoder", "cross", "layer_0", "layer_1", "step1", "x9999999999", "attentions",
         "tokens", "target_tokens", "ids", "attention_mask", "offsets", "text")  # fmt: skip
BOASTS = (b"(9999999999999,)", b"(-1, 3)", b"(True, 3)", b"(3, 3", b"('x',)", b"()", b"(2**9,)")
Document = dict[str, Any]


class Foreign:
    """What ``render`` is given."""

    def __init__(self, place: Path) -> None:
        """Nothing is shared."""

    def case(self, random: Random) -> Case:
        """A file of one of the programs with a few places changed, or with damaged bytes."""
        made = random.choice((self._bertviz, self._inseq, self._arrays, self._arrays))(random)
        data = broken_bytes(random, made) if random.random() < 0.15 else made
        return by_program("render", "-", *random.choice(WAYS), stdin=data)

    def _bertviz(self, random: Random) -> bytes:
        array = bertviz.weights(2, 2, 4, 4)
        value = bertviz.params(bertviz.view(array, WORDS, WORDS), include_layers=[0, 1])
        if random.random() < 0.3:
            kinds = ("Encoder", "Decoder", "Cross")
            value["attention"] = [bertviz.view(array, WORDS, WORDS, kind) for kind in kinds]
        value = _other(random, value)
        return bertviz.page(value) if random.random() < 0.5 else json.dumps(value).encode()

    def _inseq(self, random: Random) -> bytes:
        own, cross = inseq.weights(2, 2, 2, 4), inseq.weights(2, 2, 2, 3)
        one: Document = {"source": inseq.tokens("He took hats"), "attr_pos_start": 2}
        one |= {"target": inseq.tokens("<s> Il prit un"), "source_attributions": None}
        one |= {"target_attributions": self._stored(random, own)}
        if random.random() < 0.5:
            one["source_attributions"] = self._stored(random, cross)
        value = _other(random, inseq.output(one))
        return json.dumps(inseq.classed(value) if random.random() < 0.5 else value).encode()

    def _stored(self, random: Random, array: Any) -> str:
        """An array as Inseq stores it, sometimes under a header that lies."""
        text = inseq.stored(array, random.choice(("F32", "F16")))
        if random.random() < 0.7:
            return text
        raw = b64decode(text)
        end = 8 + int.from_bytes(raw[:8], "little")
        header = json.dumps(changed(random, json.loads(raw[8:end]))).encode()
        length = random.choice((len(header), len(header), 0, 2**63, 2**64 - 1))
        return b64encode(length.to_bytes(8, "little") + header + raw[end:]).decode()

    def _arrays(self, random: Random) -> bytes:
        if random.random() < 0.3:
            return self._array(random, "encoder")
        made, packed = io.BytesIO(), random.choice((0, 8))
        with zipfile.ZipFile(made, "w", packed) as file:
            for name in random.sample(NAMES, random.choice((1, 2, 2, 3))):
                file.writestr(f"{name}.npy", self._array(random, name))
            if random.random() < 0.05:
                file.writestr("encoder9.npy", bytes(10**8))
        return made.getvalue()

    def _array(self, random: Random, name: str) -> bytes:
        """An array that has this name by right, or one of any shape and type."""
        words = [random.choice((*WORDS, *TEXTS))[:300].replace("\ud800", "") for _ in range(4)]
        array: Any = np.array(words if "t" in name[:1] else bertviz.weights(2, 2, 4, 4))
        if random.random() < 0.3:
            shape = [random.choice(SIZES) for _ in range(random.randrange(6))]
            kind = random.choice(TYPES)
            array = np.zeros(shape, "f8" if kind in ("O", "V4") else kind)
        stream = io.BytesIO()
        np.lib.format.write_array(stream, array, allow_pickle=False)
        raw, said = stream.getvalue(), str(array.shape).encode()
        if random.random() < 0.1:
            raw = raw.replace(said, random.choice(BOASTS).ljust(len(said)), 1)
        return raw


def _other(random: Random, value: Document) -> Document:
    """The same, or with a few places changed; still an object, so that it is read as one."""
    found = changed(random, value) if random.random() < 0.8 else value
    return found if isinstance(found, dict) else value

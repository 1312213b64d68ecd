"""Checkpoints that lie: config.json, safetensors and tokenizers of every broken kind."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from random import Random

import attnviz
from attnviz.catalogue import describe
from tests.fuzz.groups.steps import step
from tests.fuzz.judge import Case, by_library, by_program
from tests.fuzz.values import broken_bytes, broken_json, changed, text
from tests.model.made import small
from tests.support.references import descriptions, families, names, read, recipe
from tests.support.seeded import write_checkpoint

__all__ = ["Config", "Safetensors", "Tokenizers"]

CLASSES = ("BertTokenizer", "GPT2Tokenizer", "LlamaTokenizer")
TOKENIZERS = Path(__file__).resolve().parents[2] / "fixtures" / "tokenizers"
SOME = ("bert-plain", "gpt2-plain", "t5-plain", "llama-plain", "bart-plain", "deberta_v2-plain",
        "falcon-plain", "bloom-plain", "albert-plain", "gemma2-plain", "modernbert-plain",
        "gpt_neox-plain", "mpnet-plain", "marian-plain", "opt-plain", "phi-plain")  # fmt: skip


def attends(folder: Path, ids: list[int]) -> None:
    """Load a checkpoint and let it attend, as a program would."""
    model = attnviz.load(folder)
    for _ in range(2):
        model.attend(token_ids=ids)


def runs(random: Random, folder: Path) -> Case:
    """An input that asks something of a folder."""
    ids = [random.randrange(40) for _ in range(random.choice((1, 2, 5)))]
    kind = random.randrange(24)
    if kind < 16:
        return by_library(lambda: attends(folder, ids))
    if kind < 21:
        return by_library(lambda: describe(str(folder)))
    if kind < 23:
        return by_program("models", "show", folder)
    return by_program(
        "run", "the hat", "-m", folder, random.choice(("--json", "--mean", "--tokens"))
    )


class _Checkpoints:
    """Small checkpoints of every family, each in a folder of its own."""

    def __init__(self, place: Path) -> None:
        self.folders: list[Path] = []
        there = set(names())
        for name in SOME:
            if name in there:
                folder = place / name
                folder.mkdir()
                write_checkpoint(folder, small(name, "wordpiece"))
                shutil.copy(TOKENIZERS / "wordpiece" / "tokenizer.json", folder)
                self.folders.append(folder)
        for family in families():
            name = next(iter(descriptions(family)))
            if name not in SOME:
                folder = place / name
                folder.mkdir()
                write_checkpoint(folder, recipe(read(name)))
                self.folders.append(folder)
        self.configs = [json.loads((folder / "config.json").read_text()) for folder in self.folders]
        self.weights = [(folder / "model.safetensors").read_bytes() for folder in self.folders]


class Config(_Checkpoints):
    """config.json and generation_config.json."""

    def case(self, random: Random) -> Case:
        """A config with a few values changed, sometimes that of another family."""
        which = random.randrange(len(self.folders))
        folder = self.folders[which]
        own = self.configs[which if random.random() < 0.95 else random.randrange(len(self.folders))]
        (folder / "config.json").write_bytes(broken_json(random, own))
        generation = folder / "generation_config.json"
        generation.unlink(missing_ok=True)
        if random.random() < 0.2:
            some = {"eos_token_id": 2, "bad_words_ids": [[1, 2]], "min_length": 3, "max_length": 9}
            generation.write_bytes(broken_json(random, some))
        return runs(random, folder)


class Safetensors(_Checkpoints):
    """model.safetensors, its header and its bytes, and the index of shards."""

    def case(self, random: Random) -> Case:
        """Weights of which the header or the bytes are damaged, or an index that lies."""
        which = random.randrange(len(self.folders))
        folder, data = self.folders[which], self.weights[which]
        weights, index = folder / "model.safetensors", folder / "model.safetensors.index.json"
        index.unlink(missing_ok=True)
        kind = random.randrange(10)
        if kind < 6:
            weights.write_bytes(self._header(random, data))
        elif kind < 9:
            weights.write_bytes(broken_bytes(random, data))
        else:
            size = int.from_bytes(data[:8], "little")
            tensors = [name for name in json.loads(data[8 : 8 + size]) if name[:2] != "__"]
            files = dict.fromkeys(tensors, random.choice(("a.safetensors", "model.safetensors")))
            (folder / "a.safetensors").write_bytes(data)
            index.write_bytes(broken_json(random, {"metadata": {}, "weight_map": files}))
            weights.unlink(missing_ok=True)
        return runs(random, folder)

    def _header(self, random: Random, data: bytes) -> bytes:
        """The same bytes under a header of which a few entries are changed."""
        size = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + size])
        made = broken_json(random, header)
        length = len(made) if random.random() < 0.9 else random.choice((0, 1, 2**40, 2**63, 7))
        return length.to_bytes(8, "little") + made + data[8 + size :]


class Tokenizers(_Checkpoints):
    """tokenizer.json, tokenizer_config.json and vocabularies."""

    def __init__(self, place: Path) -> None:
        super().__init__(place)
        self.files = [
            json.loads(path.read_text())
            for path in sorted(TOKENIZERS.glob("*/tokenizer.json"))
        ]  # fmt: skip
        self.folder = self.folders[0]
        self.vocabularies = [
            (path.name, path.read_bytes())
            for path in sorted(TOKENIZERS.glob("vocab*/*"))
            if path.suffix in (".txt", ".json")
        ]

    def case(self, random: Random) -> Case:
        """A tokenizer with a part replaced by hostile steps, or changed, or damaged."""
        for name in (
            "tokenizer.json",
            "tokenizer_config.json",
            "vocab.txt",
            "vocab.json",
            "merges.txt",
        ):
            (self.folder / name).unlink(missing_ok=True)
        kind = random.randrange(10)
        if kind < 9:
            made = dict(random.choice(self.files))
            if kind < 6:
                part = random.choice(("normalizer", "pre_tokenizer", "post_processor", "decoder"))
                made[part] = step(random, part)
            if kind > 4:
                made = changed(random, made)
            (self.folder / "tokenizer.json").write_bytes(
                broken_json(random, made) if kind == 8 else json.dumps(made).encode()
            )
        else:
            for name, data in self.vocabularies:
                (self.folder / name).write_bytes(broken_bytes(random, data))
        if random.random() < 0.4:
            settings = {
                "tokenizer_class": random.choice(CLASSES),
                "add_prefix_space": True, "do_lower_case": False, "cls_token": "[CLS]",
                "sep_token": {"content": "[SEP]"}, "unk_token": "[UNK]", "model_max_length": 512,
                "added_tokens_decoder": {"0": {"content": "[PAD]", "special": True}},
            }  # fmt: skip
            (self.folder / "tokenizer_config.json").write_bytes(broken_json(random, settings))
        given, folder = text(random), self.folder
        if random.random() < 0.1:
            return by_program("run", given, "-m", folder, "--json")
        return by_library(lambda: encodes(folder, given))


def encodes(folder: Path, given: str) -> None:
    """Read a tokenizer, encode a text, and spell it again."""
    from attnviz.tokenizer.tokenizer import load_tokenizer

    tokenizer = load_tokenizer(folder, model_type="bert")
    encoded = tokenizer.encode(given)
    tokenizer.encode(given[:50], "a hat")
    tokenizer.rebuild(encoded.ids[:40])

"""Makes this folder's model: splits Tatoeba's pairs, aligns them, trains, measures."""

from __future__ import annotations

import argparse
import hashlib
import json
import lzma
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, count, islice
from pathlib import Path

import numpy as np
import torch
from sacrebleu.metrics import BLEU, CHRF
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from tokenizers.trainers import BpeTrainer
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pad_sequence
from torch.optim import Adam, Muon, Optimizer
from transformers import MarianConfig, MarianMTModel

SEED = 1
STEPS, WARMUP, COOLDOWN = 1500, 200, 700
BATCH = 3000  # tokens of the longer side, padding included
RATE_MATRICES, RATE_REST = 2e-3, 1e-3
TOGETHER, SHARES = (1, 2, 3, 4, 6), (0.85, 0.06, 0.04, 0.03, 0.02)  # pairs in one example
GUIDED_LAYER, GUIDED_HEAD, GUIDED_WEIGHT = 1, 0, 0.1
EOS, UNK, PAD = 0, 1, 2
CONFIG = {
    "vocab_size": 8000,
    "d_model": 256,
    "encoder_layers": 3,
    "decoder_layers": 3,
    "encoder_attention_heads": 8,
    "decoder_attention_heads": 8,
    "encoder_ffn_dim": 1024,
    "decoder_ffn_dim": 1024,
    "max_position_embeddings": 256,
    "activation_function": "swish",
    "scale_embedding": True,
    "init_std": 0.0625,
    "dropout": 0.1,
    "eos_token_id": EOS,
    "forced_eos_token_id": EOS,
    "pad_token_id": PAD,
    "decoder_start_token_id": PAD,
    "bos_token_id": None,
}
WORD = re.compile(r"[^\W\d_]+'?|\d|[^\w\s]")


# --- the data ---


def normalize(text: str) -> str:
    """The text as the tokenizer's normalizer sees it."""
    return unicodedata.normalize("NFKC", text).replace("’", "'")


def read_pairs(path: Path) -> list[tuple[str, str]]:
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        pairs = [line.rstrip("\n").split("\t") for line in lines]
    return [(normalize(english), normalize(french)) for english, french in pairs]


def split(pairs: list[tuple[str, str]]) -> dict[str, list[tuple[str, str]]]:
    """The pairs for training, dev and test.

    Pairs that share a sentence of either language, but for case, spaces and punctuation, are
    connected, and what is connected stays on one side: the one its smallest sentence hashes to.
    """
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        while parent.setdefault(node, node) != node:
            parent[node] = node = parent[parent[node]]
        return node

    def key(text: str, language: str) -> str:
        return language + "".join(filter(str.isalnum, text.lower()))

    for english, french in pairs:
        one, other = sorted((root(key(english, "en ")), root(key(french, "fr "))))
        parent[other] = one
    sides: dict[str, list[tuple[str, str]]] = {"train": [], "dev": [], "test": []}
    for pair in pairs:
        digest = hashlib.sha256(root(key(pair[0], "en ")).encode()).digest()
        part = int.from_bytes(digest[:4]) / 2**32
        sides["test" if part < 0.02 else "dev" if part < 0.035 else "train"].append(pair)
    return sides


def train_tokenizer(texts: Iterator[str]) -> Tokenizer:
    """Byte pairs of both languages; signs and digits stand alone, l' keeps its apostrophe."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace("’", "'")])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(prepend_scheme="always"),
            pre_tokenizers.Split(Regex(r"▁?(\d|(?!['▁])[\p{P}\p{S}])"), "isolated"),
            pre_tokenizers.Split(Regex("'"), "merged_with_previous"),
        ]
    )
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    special = ["</s>", "<unk>", "<pad>"]  # in the order of their ids
    size = CONFIG["vocab_size"]
    trainer = BpeTrainer(vocab_size=size, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", EOS)]
    )
    return tokenizer


# --- the teacher: word alignments by expectation maximization ---


def teach(pairs: list[tuple[str, str]], rounds: tuple[int, int] = (5, 5)) -> list[np.ndarray]:
    """For each pair how surely each French word (row) is each English word (column)."""
    english = [[m[0].lower()[:6] for m in WORD.finditer(e)] for e, _ in pairs]
    french = [[m[0].lower()[:6] for m in WORD.finditer(f)] for _, f in pairs]
    there = posteriors(english, french, rounds)
    back = posteriors(french, english, rounds)
    return [np.sqrt(f * e.T).astype(np.float16) for f, e in zip(there, back, strict=True)]


def posteriors(
    sources: list[list[str]], targets: list[list[str]], rounds: tuple[int, int]
) -> list[np.ndarray]:
    """P(target word comes from source word), (target, source): IBM model 1, then with a prior.

    Brown et al. (1993): rounds of expectation maximization, every source with an empty word first.
    Pairs of the same lengths are computed together; ``places`` say where a pair of words stands in
    the table of P(target word | source word).
    """
    vocabulary = {"": 0}
    ids = [
        [[vocabulary.setdefault(word, len(vocabulary)) for word in side] for side in pair]
        for pair in zip(sources, targets, strict=True)
    ]
    shapes: dict[tuple[int, int], list[int]] = {}
    for number, (source, target) in enumerate(ids):
        shapes.setdefault((len(source), len(target)), []).append(number)
    codes, priors = [], []
    for (n_source, n_target), members in shapes.items():
        source = np.array([[0, *ids[number][0]] for number in members]).reshape(-1, 1, n_source + 1)
        target = np.array([ids[number][1] for number in members]).reshape(-1, n_target, 1)
        codes.append(target * len(vocabulary) + source)
        priors.append(prior(n_source, n_target))
    known, flat = np.unique(np.concatenate([code.ravel() for code in codes]), return_inverse=True)
    cuts = np.cumsum([code.size for code in codes])[:-1]
    places = [p.reshape(c.shape) for p, c in zip(np.split(flat, cuts), codes, strict=True)]
    source_of, table = known % len(vocabulary), np.ones(len(known))
    for turn in range(sum(rounds)):
        counts, found = np.zeros(len(known)), []
        for place, near in zip(places, priors, strict=True):
            chance = table[place] * (near if turn >= rounds[0] else 1)
            chance /= chance.sum(2, keepdims=True)
            counts += np.bincount(place.ravel(), chance.ravel(), len(known))
            found.append(chance)
        table = counts / np.bincount(source_of, counts)[source_of]
    result = [np.empty((0, 0))] * len(ids)
    for members, chance in zip(shapes.values(), found, strict=True):
        for number, matrix in zip(members, chance, strict=True):
            result[number] = matrix[:, 1:]
    return result


def prior(n_source: int, n_target: int) -> np.ndarray:
    """P(source place | target place), empty word first: exp(-4 |i/I - j/J|), Dyer et al. (2013)."""
    source, target = ((np.arange(n) + 0.5) / max(n, 1) for n in (n_source, n_target))
    near = np.exp(-4 * np.abs(target[:, None] - source))
    near *= 0.92 / np.maximum(near.sum(1, keepdims=True), 1e-9)
    return np.concatenate([np.full((n_target, 1), 0.08), near], axis=1)


@dataclass
class Example:
    """A pair as ids, without their ends, and how surely each target piece is each source piece."""

    source: np.ndarray
    target: np.ndarray
    links: np.ndarray


def word_of(pieces: list[tuple[int, int]], text: str) -> np.ndarray:
    """For each piece the word its last character lies in."""
    starts = [match.start() for match in WORD.finditer(text)]
    return np.searchsorted(starts, [max(end - 1, 0) for _, end in pieces], side="right") - 1


def encode(
    pairs: list[tuple[str, str]], tokenizer: Tokenizer, words: list[np.ndarray]
) -> Iterator[Example]:
    """Every pair in pieces; a word's certainty goes to its pieces in equal shares."""
    sides = [
        tokenizer.encode_batch([pair[side] for pair in pairs], add_special_tokens=False)
        for side in (0, 1)
    ]
    for (english, french), source, target, sure in zip(pairs, *sides, words, strict=True):
        columns, rows = word_of(source.offsets, english), word_of(target.offsets, french)
        links = sure[rows][:, columns] / np.bincount(columns, minlength=1)[columns]
        yield Example(
            np.array(source.ids, np.int32), np.array(target.ids, np.int32), links.astype(np.float16)
        )


# --- the training ---


def batches(examples: list[Example], epoch: int) -> Iterator[list[list[Example]]]:
    """One epoch: every pair once, some in a row as one long example, batched by length."""
    rng = np.random.default_rng([SEED, epoch])
    order = rng.permutation(len(examples))
    sizes = rng.choice(TOGETHER, len(order), p=SHARES)
    ends = np.cumsum(sizes)
    groups = [
        [examples[i] for i in run] for run in np.split(order, ends[ends < len(order)]) if len(run)
    ]
    lengths = [
        1 + max(sum(len(e.source) for e in g), sum(len(e.target) for e in g)) for g in groups
    ]
    found, batch, longest = [], [], 0
    for number in np.argsort(lengths + rng.random(len(lengths)), kind="stable"):
        longest = max(longest, lengths[number])
        if batch and longest * (len(batch) + 1) > BATCH:
            found.append(batch)
            batch, longest = [], lengths[number]
        batch.append(groups[number])
    found.append(batch)
    return (found[i] for i in rng.permutation(len(found)))


def collate(batch: list[list[Example]]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Source ids, decoder input ids and links; the row of links whose input is the piece."""
    n_source = 1 + max(sum(len(e.source) for e in group) for group in batch)
    n_target = 1 + max(sum(len(e.target) for e in group) for group in batch)
    source = np.full((len(batch), n_source), PAD, np.int64)
    target = np.full((len(batch), n_target + 1), PAD, np.int64)
    links = np.zeros((len(batch), n_target, n_source), np.float32)
    for i, group in enumerate(batch):
        x = y = 0
        for e in group:
            source[i, x : x + len(e.source)] = e.source
            target[i, 1 + y : 1 + y + len(e.target)] = e.target
            links[i, 1 + y : 1 + y + len(e.target), x : x + len(e.source)] = e.links
            x, y = x + len(e.source), y + len(e.target)
        source[i, x] = target[i, 1 + y] = EOS
    return torch.from_numpy(source), torch.from_numpy(target), torch.from_numpy(links)


def losses(model: MarianMTModel, batch: list[list[Example]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Label-smoothed cross entropy of the next piece; cross entropy of the guided head."""
    source, target, links = collate(batch)
    with torch.autocast("cpu", torch.bfloat16):
        output = model.model(
            input_ids=source,
            attention_mask=(source != PAD).long(),
            decoder_input_ids=target[:, :-1],
            output_attentions=True,
            use_cache=False,
        )
        real = target[:, 1:] != PAD
        logits = output.last_hidden_state[real] @ model.lm_head.weight.T
    written = cross_entropy(logits.float(), target[:, 1:][real], label_smoothing=0.1)
    weights = output.cross_attentions[GUIDED_LAYER][:, GUIDED_HEAD].float()
    aligned = -(links * weights.clamp_min(1e-6).log()).sum() / links.sum()
    return written, aligned


def optimizers(model: MarianMTModel) -> list[Optimizer]:
    """Muon for the matrices between hidden states; Adam for embeddings, norms and biases."""
    named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    matrices = [p for n, p in named if p.ndim == 2 and "embed" not in n and "shared" not in n]
    rest = [p for _, p in named if all(p is not m for m in matrices)]
    return [
        Muon(matrices, RATE_MATRICES, weight_decay=0.0, adjust_lr_fn="match_rms_adamw"),
        Adam(rest, RATE_REST, betas=(0.9, 0.98), eps=1e-9, fused=True),
    ]


def rate(step: int) -> float:
    """The share of the full learning rate: up, level, then down to 0 over the last steps."""
    return min((step + 1) / WARMUP, 1.0, (STEPS - step) / COOLDOWN)


def train(examples: list[Example], last: Path) -> MarianMTModel:
    """Train to the last step, from the checkpoint if there is one, and leave a checkpoint."""
    torch.manual_seed(SEED)
    model = MarianMTModel(MarianConfig(**CONFIG, attn_implementation="eager")).train()
    both = optimizers(model)
    full = [optimizer.param_groups[0]["lr"] for optimizer in both]
    first = restore(last, model, both) if last.is_file() else 0
    every = chain.from_iterable(batches(examples, epoch) for epoch in count())
    for step, batch in enumerate(islice(every, first, STEPS), first):
        torch.manual_seed(SEED + step)
        written, aligned = losses(model, batch)
        (written + GUIDED_WEIGHT * aligned).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer, lr in zip(both, full, strict=True):
            optimizer.param_groups[0]["lr"] = lr * rate(step)
            optimizer.step()
            optimizer.zero_grad()
        if (step + 1) % 100 == 0 or step + 1 == STEPS:
            print(f"step {step + 1}: loss {written:.3f}, guided {aligned:.3f}", flush=True)
            save(last, model, both, step + 1)
    return model


def save(path: Path, model: MarianMTModel, both: list[Optimizer], step: int) -> None:
    """Write a checkpoint that takes the last one's place when it is whole."""
    states = [optimizer.state_dict() for optimizer in both]
    new = path.with_suffix(".new")
    torch.save({"model": model.state_dict(), "optimizers": states, "step": step}, new)
    new.replace(path)


def restore(path: Path, model: MarianMTModel, both: list[Optimizer]) -> int:
    """Go back to a checkpoint; how many steps it is from the beginning."""
    saved = torch.load(path)
    model.load_state_dict(saved["model"])
    for optimizer, state in zip(both, saved["optimizers"], strict=True):
        optimizer.load_state_dict(state)
    return int(saved["step"])


# --- the folder ---


def write_folder(model: MarianMTModel, folder: Path) -> None:
    """The weights, matrices rounded to float16 and vectors in float32, and the configurations."""
    own = ("model.shared.weight", "final_logits_bias")
    tensors = {
        name: (tensor.half() if name in own or tensor.ndim == 2 else tensor).contiguous()
        for name, tensor in model.state_dict().items()
        if name in own or ("embed" not in name and "lm_head" not in name)
    }
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    tokens = {key: value for key, value in CONFIG.items() if key.endswith("_token_id")}
    files = {
        "config.json": {"architectures": ["MarianMTModel"], "model_type": "marian", **CONFIG},
        "generation_config.json": {
            **{key: value for key, value in tokens.items() if value is not None},
            "bad_words_ids": [[UNK], [PAD]],
            "max_length": CONFIG["max_position_embeddings"],
            "num_beams": 4,
            "alignment_heads": [[GUIDED_LAYER, GUIDED_HEAD]],
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": CONFIG["max_position_embeddings"],
            "clean_up_tokenization_spaces": False,
            "eos_token": "</s>",
            "pad_token": "<pad>",
            "unk_token": "<unk>",
        },
    }
    for name, values in files.items():
        (folder / name).write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


# --- the figures ---


def translate(
    model: MarianMTModel, tokenizer: Tokenizer, texts: list[str], beams: int
) -> list[str]:
    """What the model writes for each text, in batches of texts of like lengths."""
    encoded = [torch.tensor(found.ids) for found in tokenizer.encode_batch(texts)]
    order = sorted(range(len(texts)), key=lambda i: len(encoded[i]))
    written = [""] * len(texts)
    for start in range(0, len(texts), 64):
        part = order[start : start + 64]
        ids = pad_sequence([encoded[i] for i in part], batch_first=True, padding_value=PAD)
        with torch.no_grad():
            found = model.generate(
                ids, attention_mask=(ids != PAD).long(), num_beams=beams, do_sample=False
            )
        for i, text in zip(part, tokenizer.decode_batch(found.tolist()), strict=True):
            written[i] = text
    return written


@dataclass
class Gold:
    """A pair in words with its sure links and all links, as (French word, English word)."""

    english: list[str]
    french: list[str]
    sure: set[tuple[int, int]]
    possible: set[tuple[int, int]]


def read_gold(folder: Path) -> Iterator[Gold]:
    """The texts of Alibi: French index first, ``i-j`` sure, ``ipj`` possible."""
    for path in sorted(folder.glob("*/ali_w2w_*.txt")):
        french, english = (
            read_numbered(path.parent / f"{name}_sents.txt")
            for name in path.stem.removeprefix("ali_w2w_").split("_")
        )
        for number, links in read_numbered(path).items():
            found = [re.fullmatch(r"(\d+)([-p])(\d+)", link) for link in links.split()]
            every = {(int(m[1]), int(m[3])): m[2] for m in found if m}
            sure = {link for link, sign in every.items() if sign == "-"}
            yield Gold(english[number].split(), french[number].split(), sure, set(every))


def read_numbered(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return {number: text for number, _, text in (line.partition("\t") for line in lines)}


def align(model: MarianMTModel, tokenizer: Tokenizer, gold: Gold) -> set[tuple[int, int]]:
    """Each French word with the English word on which the guided head has most weight."""
    source, columns = pieces_of(tokenizer, gold.english)
    target, rows = pieces_of(tokenizer, gold.french)
    with torch.no_grad():
        output = model(
            input_ids=torch.tensor([[*source, EOS]]),
            decoder_input_ids=torch.tensor([[PAD, *target]]),
            output_attentions=True,
        )
    weights = output.cross_attentions[GUIDED_LAYER][0, GUIDED_HEAD, 1:, :-1].numpy()
    words = np.zeros((len(gold.french), len(gold.english)))
    np.add.at(words, (rows[:, None], columns[None, :]), weights)
    return {(row, int(words[row].argmax())) for row in sorted(set(rows.tolist()))}


def pieces_of(tokenizer: Tokenizer, words: list[str]) -> tuple[list[int], np.ndarray]:
    """The ids of words set between spaces, and for each the word its last character lies in."""
    found = tokenizer.encode(" ".join(words), add_special_tokens=False)
    starts = np.cumsum([0, *(len(word) + 1 for word in words[:-1])])
    ends = [max(end - 1, 0) for _, end in found.offsets]
    return found.ids, np.searchsorted(starts, ends, side="right") - 1


def diagonal(gold: Gold) -> set[tuple[int, int]]:
    n, m = len(gold.french), len(gold.english)
    return {(row, int((row + 0.5) * m / n)) for row in range(n)}


def error_rate(links: list[set[tuple[int, int]]], gold: list[Gold]) -> str:
    """Alignment error rate (Och and Ney 2003) with its 95 % interval over resampled sentences."""
    right = np.array(
        [len(a & g.sure) + len(a & g.possible) for a, g in zip(links, gold, strict=True)]
    )
    every = np.array([len(a) + len(g.sure) for a, g in zip(links, gold, strict=True)])
    drawn = np.random.default_rng(SEED).integers(len(gold), size=(1000, len(gold)))
    low, high = np.quantile(1 - right[drawn].sum(1) / every[drawn].sum(1), (0.025, 0.975))
    return f"{1 - right.sum() / every.sum():.3f} ({low:.3f} to {high:.3f})"


def measure(folder: Path, test: list[tuple[str, str]], gold: list[Gold]) -> None:
    """Print the card's figures for the folder's model."""
    model = MarianMTModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    references = [[french for _, french in test]]
    for beams in (1, 4):
        written = translate(model.eval(), tokenizer, [english for english, _ in test], beams)
        for metric in (BLEU(), CHRF()):
            print(f"beams {beams}: {metric.corpus_score(written, references, n_bootstrap=1000)}")
    links = [align(model, tokenizer, one) for one in gold]
    for most in (20, 10**6):
        few = [i for i, g in enumerate(gold) if max(len(g.english), len(g.french)) <= most]
        some = [gold[i] for i in few]
        print(f"AER of {len(few)} pairs: guided {error_rate([links[i] for i in few], some)}")
        print(f"diagonal {error_rate([diagonal(one) for one in some], some)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pairs", type=Path, help="tatoeba-eng-fra.tsv.xz")
    parser.add_argument("--work", type=Path, help="train, with checkpoints in this folder")
    parser.add_argument("--alibi", type=Path, help="folder of gold alignments to measure on")
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    folder = Path(__file__).resolve().parent
    sides = split(read_pairs(given.pairs))
    print({side: len(pairs) for side, pairs in sides.items()})
    if given.work:
        given.work.mkdir(parents=True, exist_ok=True)
        tokenizer = train_tokenizer(text for pair in sides["train"] for text in pair)
        tokenizer.save(str(folder / "tokenizer.json"))
        examples = list(encode(sides["train"], tokenizer, teach(sides["train"])))
        write_folder(train(examples, given.work / "last.pt"), folder)
    measure(folder, sides["test"], list(read_gold(given.alibi)) if given.alibi else [])


if __name__ == "__main__":
    main()

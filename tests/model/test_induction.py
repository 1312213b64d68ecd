"""Induction made by hand: two layers whose heads do one thing each, and how they are measured."""

from __future__ import annotations

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

import attnviz as api

VOCAB, POSITIONS = 128, 64
WIDTH = VOCAB + POSITIONS + VOCAB
TOKEN, POSITION = slice(0, VOCAB), slice(VOCAB, VOCAB + POSITIONS)
BEFORE = slice(VOCAB + POSITIONS, WIDTH)
"""Where a vector says which token it is of, at which position, and which token is before it."""

N_HEADS, SHARP = 2, 1000.0
HEAD = WIDTH // N_HEADS
EYE = np.eye(VOCAB, dtype=np.float32)


def norm(n_ones):
    """Scale and shift that give a vector of so many ones and else zeros back as it was."""
    mean = n_ones / WIDTH
    return np.full(WIDTH, (mean - mean**2 + 1e-5) ** 0.5), np.full(WIDTH, mean)


def layer(project, output, n_ones):
    scale, shift = norm(n_ones)
    zeros, ones = np.zeros, np.ones(WIDTH)
    return {
        "ln_1.weight": scale, "ln_1.bias": shift, "ln_2.weight": ones, "ln_2.bias": zeros(WIDTH),
        "attn.c_attn.weight": np.concatenate(project, axis=1),
        "attn.c_attn.bias": zeros(3 * WIDTH),
        "attn.c_proj.weight": output, "attn.c_proj.bias": zeros(WIDTH),
        "mlp.c_fc.weight": zeros((WIDTH, 4)), "mlp.c_fc.bias": zeros(4),
        "mlp.c_proj.weight": zeros((4, WIDTH)), "mlp.c_proj.bias": zeros(WIDTH),
    }  # fmt: skip


def layers():
    """0.0 copies the token before, 0.1 looks for the same token, 1.0 for what was behind it."""
    q, k, v, out = (np.zeros((WIDTH, WIDTH), np.float32) for _ in range(4))
    q[POSITION, :POSITIONS] = np.eye(POSITIONS, k=-1) * SHARP
    k[POSITION, :POSITIONS] = np.eye(POSITIONS)
    v[TOKEN, :VOCAB], out[:VOCAB, BEFORE] = EYE, EYE
    q[TOKEN, HEAD : HEAD + VOCAB], k[TOKEN, HEAD : HEAD + VOCAB] = EYE * SHARP, EYE
    yield layer([q, k, v], out, n_ones=2)
    q, k, nothing, out = (np.zeros((WIDTH, WIDTH), np.float32) for _ in range(4))
    q[TOKEN, :VOCAB], k[BEFORE, :VOCAB] = EYE * SHARP, EYE
    yield layer([q, k, nothing], out, n_ones=3)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("induction")
    config = {
        "model_type": "gpt2", "architectures": ["GPT2Model"], "vocab_size": VOCAB,
        "n_positions": POSITIONS, "n_embd": WIDTH, "n_layer": 2, "n_head": N_HEADS, "n_inner": 4,
        "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5,
    }  # fmt: skip
    words = {"type": "WordLevel", "vocab": {f"t{i}": i for i in range(VOCAB)}, "unk_token": "t0"}
    tokenizer = {
        "version": "1.0", "added_tokens": [], "pre_tokenizer": {"type": "Whitespace"},
        **dict.fromkeys(("normalizer", "post_processor", "decoder", "truncation", "padding")),
        "model": words,
    }  # fmt: skip
    tensors = {"wte.weight": np.eye(VOCAB, WIDTH), "ln_f.weight": np.ones(WIDTH)}
    tensors |= {"wpe.weight": np.eye(POSITIONS, WIDTH, k=VOCAB), "ln_f.bias": np.zeros(WIDTH)}
    for at, one in enumerate(layers()):
        tensors |= {f"h.{at}.{name}": tensor for name, tensor in one.items()}
    stored = {name: np.ascontiguousarray(t, np.float32) for name, t in tensors.items()}
    save_file(stored, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    return api.load(str(folder))


def test_heads_that_copy_are_measured_as_what_they_are(model):
    found = api.heads(model, ["t1 t2 t3"])
    value = lambda head, name: found.of(api.Head.parse(head))[name]  # noqa: E731
    # Before the first of 25 tokens is none, so that 0.0 copies itself: half of its weight is lost.
    assert value("1.0", "induction") == pytest.approx(24.5 / 25, abs=1e-3)
    assert value("0.1", "duplicate") == pytest.approx(0.5, abs=1e-3)  # the other half on itself
    assert value("0.0", "previous") == pytest.approx(1, abs=1e-3)
    others = [head for head in ("0.0", "0.1", "1.1") if value(head, "induction") > 0.1]
    assert others == []


def test_and_found_by_probes(model):
    found = api.probe(model, texts=["t1 t2 t3 t4"])
    best = found["induction"].best()[0]
    assert str(best) == "1.0" and found["induction"].accuracy(best).share >= 24 / 25
    assert str(found["duplicate"].best()[0]) == "0.1"

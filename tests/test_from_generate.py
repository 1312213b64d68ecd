"""What ``generate`` returns, whatever its cache, is what a pass over the whole text shows."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import attnviz
from attnviz.errors import InputError
from attnviz.result import AttentionResult

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

SIZES = {"hidden_size": 16, "intermediate_size": 24, "vocab_size": 40, "head_dim": 4}
SMALL = {**SIZES, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2}
WINDOWS = {"sliding_window": 4, "layer_types": ["sliding_attention", "full_attention"]}
PROMPT = [[5, 6, 7, 8, 9, 10], [11, 12, 13, 14, 15, 16]]
DECODERS = {
    "gpt2": lambda: transformers.GPT2Config(n_embd=16, n_layer=2, n_head=4, vocab_size=40),
    "windows": lambda: transformers.MistralConfig(**SMALL, sliding_window=4),
    "some windows": lambda: transformers.Gemma3TextConfig(**SMALL, **WINDOWS),
}
WAYS: dict[str, dict[str, Any]] = {
    "greedy": {},
    "static cache": {"cache_implementation": "static"},
    "no cache": {"use_cache": False},
    "beams": {"num_beams": 3, "num_return_sequences": 2},
}


def model(config: Any, auto: str = "AutoModelForCausalLM") -> Any:
    torch.manual_seed(0)
    made = getattr(transformers, auto).from_config(config, attn_implementation="eager").eval()
    with torch.no_grad():  # so that beams part
        for one in made.parameters():
            one.mul_(4)
    return made


def bart() -> Any:
    sizes = {f"{side}_{what}": n for side in ("encoder", "decoder") for what, n in SIDES.items()}
    return model(
        transformers.BartConfig(vocab_size=40, d_model=16, max_position_embeddings=32, **sizes),
        "AutoModelForSeq2SeqLM",
    )


SIDES = {"layers": 2, "attention_heads": 4, "ffn_dim": 24}


def written(made: Any, **more: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return made.generate(
            torch.tensor(PROMPT),
            max_new_tokens=6,
            min_new_tokens=6,
            do_sample=False,
            output_attentions=True,
            return_dict_in_generate=True,
            **{"attention_mask": torch.ones(2, 6, dtype=torch.long), **more},
        )


def compare(found: AttentionResult, kind: str, expected: Any) -> None:
    """A map is the row of a pass over everything."""
    whole = torch.stack(list(expected))[:, 0].detach().numpy()
    np.testing.assert_allclose(found.maps[kind].weights, whole, atol=1e-5)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", DECODERS)
def test_a_decoder_that_wrote_shows_what_it_read(name: str, way: str) -> None:
    made = model(DECODERS[name]())
    outputs = written(made, **WAYS[way])
    for item, sequence in enumerate(outputs.sequences):
        found = attnviz.show(outputs, item=item)
        read = sequence[None, :-1]
        compare(found, "decoder", made(read, output_attentions=True).attentions)
        assert [token.id for token in found.tokens] == read[0].tolist()


@pytest.mark.parametrize("way", WAYS)
def test_a_translator_that_wrote_shows_both_sides(way: str) -> None:
    made = bart()
    outputs = written(made, **WAYS[way])
    for item, sequence in enumerate(outputs.sequences):
        of_batch = item * 2 // len(outputs.sequences)
        found = attnviz.show(outputs, ids=PROMPT, item=item)
        read = sequence[None, :-1]
        source = torch.tensor(PROMPT)[of_batch : of_batch + 1]
        passed = made(input_ids=source, decoder_input_ids=read, output_attentions=True)
        compare(found, "encoder", passed.encoder_attentions)
        compare(found, "decoder", passed.decoder_attentions)
        compare(found, "cross", passed.cross_attentions)
        assert [token.id for token in found.tokens] == source[0].tolist()
        assert [token.id for token in found.target_tokens] == read[0].tolist()


def test_the_prompt_is_how_the_text_begins() -> None:
    outputs = written(model(DECODERS["gpt2"]()))
    found = attnviz.show(outputs, ids=torch.tensor(PROMPT), item=1)
    assert [token.id for token in found.tokens] == outputs.sequences[1, :-1].tolist()
    with pytest.raises(InputError, match="not how the generated sequence begins"):
        attnviz.show(outputs, ids=[1, 2, 3], item=1)


@pytest.mark.parametrize("way", ["greedy", "static cache"])
def test_a_mask_of_the_prompt_leaves_its_padding_out_and_what_was_written_in(way: str) -> None:
    made, mask = model(DECODERS["gpt2"]()), torch.ones(2, 6, dtype=torch.long)
    mask[0, :2] = 0
    outputs = written(made, attention_mask=mask, **WAYS[way])
    found = attnviz.show(outputs, attention_mask=mask, item=0)
    map = found.maps["decoder"]
    assert map.keys == map.queries == tuple(range(2, 11))


def test_a_text_of_several_has_to_be_chosen() -> None:
    with pytest.raises(InputError, match="batch of 4 texts; choose an item"):
        attnviz.show(written(model(DECODERS["gpt2"]()), **WAYS["beams"]))

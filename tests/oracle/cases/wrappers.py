"""Text models inside models that read images; transformers saves the old names of many."""

from typing import Any

from tests.oracle.cases.case import Family, Inputs
from tests.oracle.cases.gemma import BASE as GEMMA
from tests.oracle.cases.gemma import GAIN, GEMMA2, GEMMA3
from tests.oracle.cases.llama import BASE, INPUTS, YARN

VISION = {
    "hidden_size": 8,
    "intermediate_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 1,
    "image_size": 4,
    "patch_size": 2,
}
QWEN_VISION = {
    "depth": 1,
    "embed_dim": 8,
    "hidden_size": 32,
    "intermediate_size": 8,
    "out_hidden_size": 32,
    "num_heads": 1,
    "patch_size": 2,
    "num_position_embeddings": 4,
    "fullatt_block_indexes": [0],
    "deepstack_visual_indexes": [0],
}
SPECIAL = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
SECTIONS = {"type": "mrope", "mrope_section": [1, 1, 2]}
TEXT = BASE | SPECIAL | {"rope_scaling": SECTIONS}
TEXT3 = TEXT | {
    "head_dim": 12,
    "rope_scaling": {"rope_type": "default", "mrope_section": [2, 2, 2]},
}
IMAGE = {"image_token_id": 39, "image_token_index": 39}
NEW = [
    (r"^language_model\.model", "model.language_model"),
    (r"^language_model\.lm_head", "lm_head"),
]


def wrapper(
    name: str,
    architecture: str,
    kind: str,
    text: dict[str, Any],
    vision: dict[str, Any],
    inputs: list[Inputs] = INPUTS,
    shown: str = "decoder",
) -> Family:
    """A text model of this kind and a small one for images."""
    given = {"text_config": {"model_type": kind, **text}, "vision_config": vision, **IMAGE}
    gain = GAIN if "gemma" in kind else {}
    return Family(name, architecture, given, inputs=inputs, kind=shown, gain=gain)


def text(family: Family, **changes: Any) -> dict[str, Any]:
    """The text model's config with changes."""
    return {"text_config": {**family.plain.config["text_config"], **changes}}


SIGLIP = {"model_type": "siglip_vision_model", **VISION}
CLIP = {"model_type": "clip_vision_model", **VISION}

gemma3 = wrapper("gemma3", "Gemma3ForConditionalGeneration", "gemma3_text", GEMMA3, SIGLIP)
gemma3.vary("window", text(gemma3, sliding_window_pattern=3))
gemma3.vary("new-names", rename=NEW)
gemma3.vary("no-prefix", architecture="Gemma3Model", same_as="plain")

llava = wrapper("llava", "LlavaForConditionalGeneration", "llama", BASE, CLIP)
llava.vary("mistral", text(llava, model_type="mistral", sliding_window=4))
llava.vary("new-names", rename=NEW)
llava.vary("tied", text(llava, tie_word_embeddings=True), same_as="plain")

llava_next = wrapper("llava_next", "LlavaNextForConditionalGeneration", "llama", BASE, CLIP)
llava_next.vary("mistral", text(llava_next, model_type="mistral", sliding_window=4))

PIXTRAL = {"model_type": "pixtral", **VISION, "head_dim": 8}
mistral3 = wrapper("mistral3", "Mistral3ForConditionalGeneration", "mistral", BASE, PIXTRAL)
mistral3.vary("head-size", text(mistral3, head_dim=12))
mistral3.vary("new-names", rename=NEW)

WINDOWED = {"use_sliding_window": True, "sliding_window": 4, "max_window_layers": 1}
qwen2_vl = wrapper(
    "qwen2_vl", "Qwen2VLForConditionalGeneration", "qwen2_vl_text", TEXT, QWEN_VISION
)
qwen2_5_vl = wrapper(
    "qwen2_5_vl",
    "Qwen2_5_VLForConditionalGeneration",
    "qwen2_5_vl_text",
    TEXT,
    QWEN_VISION,
)
for family in (qwen2_vl, qwen2_5_vl):
    family.vary("window", text(family, **WINDOWED))
    family.vary("base", text(family, rope_theta=500.0, rope_scaling=SECTIONS))
    family.vary("yarn", text(family, rope_scaling={**SECTIONS, "type": "yarn", **YARN}))
    family.vary("flat", TEXT, without=["text_config"], same_as="plain")

qwen3_vl = wrapper(
    "qwen3_vl",
    "Qwen3VLForConditionalGeneration",
    "qwen3_vl_text",
    TEXT3,
    QWEN_VISION,
)
qwen3_vl.vary("bias", text(qwen3_vl, attention_bias=True))

smolvlm = wrapper("smolvlm", "SmolVLMForConditionalGeneration", "llama", BASE | SPECIAL, VISION)
idefics3 = wrapper("idefics3", "Idefics3ForConditionalGeneration", "llama", BASE | SPECIAL, VISION)
for family in (smolvlm, idefics3):
    family.vary(
        "no-prefix",
        architecture=family.plain.architecture.replace("ForConditionalGeneration", "Model"),
    )

qwen2_vl_text = Family("qwen2_vl_text", "Qwen2VLTextModel", TEXT, inputs=INPUTS, kind="decoder")
qwen2_5_vl_text = Family(
    "qwen2_5_vl_text", "Qwen2_5_VLTextModel", TEXT, inputs=INPUTS, kind="decoder"
)
qwen3_vl_text = Family("qwen3_vl_text", "Qwen3VLTextModel", TEXT3, inputs=INPUTS, kind="decoder")

PROMPT = [{**INPUTS[0], "token_type_ids": [0] * len(INPUTS[0]["token_ids"])}]
PALIGEMMA = {**VISION, "model_type": "siglip_vision_model", "projection_dim": 32}
paligemma = wrapper(
    "paligemma",
    "PaliGemmaForConditionalGeneration",
    "gemma",
    GEMMA | SPECIAL,
    PALIGEMMA,
    PROMPT,
    "encoder",
)
paligemma.vary("one-kv-head", text(paligemma, num_key_value_heads=1))
paligemma.vary("gemma2", text(paligemma, **GEMMA2, model_type="gemma2"))

TOWER = {
    "vocab_size": 40,
    "hidden_size": 32,
    "intermediate_size": 40,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 24,
    **SPECIAL,
}
clip_text_model = Family("clip_text_model", "CLIPTextModel", TOWER, inputs=INPUTS, kind="decoder")
siglip_text_model = Family(
    "siglip_text_model", "SiglipTextModel", TOWER, inputs=INPUTS, kind="encoder"
)
for family in (clip_text_model, siglip_text_model):
    family.vary("relu", {"hidden_act": "relu"})
    family.vary("epsilon", {"layer_norm_eps": 1e-2})
clip_text_model.vary("projected", architecture="CLIPTextModelWithProjection")

clip = Family(
    "clip",
    "CLIPModel",
    {"text_config": {**TOWER, "model_type": "clip_text_model"}, "vision_config": CLIP},
    inputs=INPUTS,
    kind="decoder",
)
siglip = Family(
    "siglip",
    "SiglipModel",
    {"text_config": {**TOWER, "model_type": "siglip_text_model"}, "vision_config": SIGLIP},
    inputs=INPUTS,
    kind="encoder",
)

FAMILIES = [
    clip_text_model, siglip_text_model, clip, siglip,
    paligemma,
    gemma3, llava, llava_next, mistral3, qwen2_vl, qwen2_5_vl, qwen3_vl, smolvlm,
    idefics3, qwen2_vl_text, qwen2_5_vl_text, qwen3_vl_text,
]  # fmt: skip

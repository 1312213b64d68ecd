"""Families that change a thing or two about Llama."""

from tests.oracle.cases.case import Family
from tests.oracle.cases.llama import BASE, INPUTS, TYPES, YARN, rotary

arcee = Family("arcee", "ArceeForCausalLM", BASE, inputs=INPUTS, kind="decoder")
arcee.vary("biases", {"attention_bias": True, "mlp_bias": True})
arcee.vary("gelu", {"hidden_act": "gelu"})
rotary(arcee, "yarn", "yarn", **YARN)

SEED = BASE | {"head_dim": 12}
seed_oss = Family("seed_oss", "SeedOssForCausalLM", SEED, inputs=INPUTS, kind="decoder")
seed_oss.vary("output-bias", {"attention_out_bias": True})
seed_oss.vary("no-bias", {"attention_bias": False})
seed_oss.vary("mlp-bias", {"mlp_bias": True})

MINISTRAL = BASE | {"head_dim": 8}
ministral = Family("ministral", "MinistralForCausalLM", MINISTRAL, inputs=INPUTS, kind="decoder")
ministral.vary("window", {"sliding_window": 4})
ministral.vary("layer-types", {"sliding_window": 4, "layer_types": TYPES})
ministral.vary("head-size", {"head_dim": 12})

HELIUM = BASE | {"head_dim": 8}
helium = Family("helium", "HeliumForCausalLM", HELIUM, inputs=INPUTS, kind="decoder")
helium.vary("bias", {"attention_bias": True})
helium.vary("mlp-bias", {"mlp_bias": True})
helium.vary("base", {"rope_theta": 500.0})

olmo = Family("olmo", "OlmoForCausalLM", BASE, inputs=INPUTS, kind="decoder")
olmo.vary("all-kv-heads", without=["num_key_value_heads"])
olmo.vary("bias", {"attention_bias": True})
olmo.vary("no-prefix", architecture="OlmoModel")

starcoder2 = Family("starcoder2", "Starcoder2ForCausalLM", BASE, inputs=INPUTS, kind="decoder")
starcoder2.vary("window", {"sliding_window": 4})
starcoder2.vary("no-bias", {"use_bias": False})
starcoder2.vary("epsilon", {"norm_epsilon": 1e-2})

cohere = Family("cohere", "CohereForCausalLM", BASE, inputs=INPUTS, kind="decoder")
cohere.vary("normed", {"use_qk_norm": True})
cohere.vary("bias", {"attention_bias": True})
cohere.vary("epsilon", {"layer_norm_eps": 1e-2})
cohere.vary("head-size", {"head_dim": 12})
cohere.vary("theta", {"rope_theta": 10000.0})

FOUR = {"num_hidden_layers": 4, "sliding_window": 4}
cohere2 = Family("cohere2", "Cohere2ForCausalLM", BASE | FOUR, inputs=INPUTS, kind="decoder")
cohere2.vary("every-second", {"sliding_window_pattern": 2})
cohere2.vary("layer-types", {"layer_types": [*TYPES[::-1], *TYPES]})
cohere2.vary("bias", {"attention_bias": True})
cohere2.vary("head-size", {"head_dim": 12})

GLM = BASE | {"head_dim": 8, "pad_token_id": 0}
glm = Family("glm", "GlmForCausalLM", GLM, inputs=INPUTS, kind="decoder")
glm.vary("no-bias", {"attention_bias": False})
glm.vary("all-turned", {"partial_rotary_factor": 1.0})
glm.vary("head-size", {"head_dim": 12})

glm4 = Family("glm4", "Glm4ForCausalLM", GLM, inputs=INPUTS, kind="decoder")
glm4.vary("no-bias", {"attention_bias": False})
glm4.vary("all-turned", {"partial_rotary_factor": 1.0})

ernie4_5 = Family("ernie4_5", "Ernie4_5ForCausalLM", GLM, inputs=INPUTS, kind="decoder")
ernie4_5.vary("bias", {"use_bias": True})
ernie4_5.vary("theta", {"rope_theta": 10000.0})

exaone4 = Family("exaone4", "Exaone4ForCausalLM", BASE | FOUR, inputs=INPUTS, kind="decoder")
exaone4.vary("every-second", {"sliding_window_pattern": 2})
exaone4.vary(
    "layer-types", {"layer_types": [*TYPES[::-1], *TYPES], "sliding_window_pattern": "LLLG"}
)
exaone4.vary("no-window", {"sliding_window": None, "layer_types": ["full_attention"] * 4})
exaone4.vary("head-size", {"head_dim": 12})

NESTED = {
    "full_attention": {"rope_type": "yarn", "rope_theta": 500.0, **YARN},
    "sliding_attention": {"rope_type": "default", "rope_theta": 20.0},
}
olmo3 = Family("olmo3", "Olmo3ForCausalLM", BASE | FOUR, inputs=INPUTS, kind="decoder")
olmo3.vary("layer-types", {"layer_types": [*TYPES, *TYPES]})
olmo3.vary("scaled", {"rope_scaling": {"rope_type": "yarn", **YARN}})
olmo3.vary("theta", {"rope_theta": 500.0})
olmo3.vary("nested", {"rope_parameters": NESTED})
olmo3.vary("bias", {"attention_bias": True})

nemotron = Family("nemotron", "NemotronForCausalLM", BASE, inputs=INPUTS, kind="decoder")
nemotron.vary("biases", {"attention_bias": True, "mlp_bias": True})
nemotron.vary("all-turned", {"partial_rotary_factor": 1.0})
nemotron.vary("gelu", {"hidden_act": "gelu"})
nemotron.vary("epsilon", {"norm_eps": 1e-2})

PLAIN = {"rope_parameters": {"rope_type": "default", "rope_theta": 500.0}}
apertus = Family("apertus", "ApertusForCausalLM", BASE, inputs=INPUTS, kind="decoder")
apertus.vary("unscaled", PLAIN)
apertus.vary("bias", {"attention_bias": True})
apertus.vary("relu2", {"hidden_act": "relu2"})

GRANITE = {
    "attention_multiplier": 0.3,
    "embedding_multiplier": 2.0,
    "logits_scaling": 3.0,
    "residual_multiplier": 0.4,
}
granite = Family("granite", "GraniteForCausalLM", BASE | GRANITE, inputs=INPUTS, kind="decoder")
granite.vary("no-factors", without=list(GRANITE))
granite.vary("biases", {"attention_bias": True, "mlp_bias": True})
for factor in ("attention_multiplier", "embedding_multiplier", "residual_multiplier"):
    granite.vary(factor.replace("_", "-"), {factor: 0.7})

HUNYUAN = BASE | {"head_dim": 8}
hunyuan = Family(
    "hunyuan_v1_dense", "HunYuanDenseV1ForCausalLM", HUNYUAN, inputs=INPUTS, kind="decoder"
)
ALPHA = {"type": "dynamic", "alpha": 30.0, "factor": 1.0, "mscale": 1.0, "mscale_all_dim": 0.0}
hunyuan.vary("alpha", {"rope_scaling": ALPHA})
hunyuan.vary("head-size", {"head_dim": 12})
hunyuan.vary("bias", {"attention_bias": True})
hunyuan.vary("epsilon", {"rms_norm_eps": 1e-2})

FAMILIES = [
    arcee, seed_oss, ministral, helium, olmo, starcoder2, cohere, cohere2, glm, glm4, ernie4_5,
    exaone4, olmo3, nemotron, apertus, granite, hunyuan,
]  # fmt: skip

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

FAMILIES = [arcee, seed_oss, ministral, helium, olmo, starcoder2]

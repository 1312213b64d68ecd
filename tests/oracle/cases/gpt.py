"""GPT-2, GPT-Neo, GPT-NeoX, GPT-J, OPT, BLOOM and Falcon."""

from dataclasses import replace

from tests.oracle.cases.case import Family

IDS = [(11 * i) % 38 + 2 for i in range(11)]
INPUTS = [{"token_ids": IDS}]

GPT2 = {"vocab_size": 40, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 24}
gpt2 = Family("gpt2", "GPT2LMHeadModel", GPT2, inputs=INPUTS, kind="decoder")
gpt2.vary("inner", {"n_inner": 40})
gpt2.vary("gelu", {"activation_function": "gelu"})
gpt2.vary("relu", {"activation_function": "relu"})
gpt2.vary("epsilon", {"layer_norm_epsilon": 1e-2})
gpt2.vary("unscaled", {"scale_attn_weights": False}, gain={"c_attn": 0.7})
gpt2.vary("by-layer", {"scale_attn_by_inverse_layer_idx": True})
gpt2.vary("upcast", {"reorder_and_upcast_attn": True}, same_as="plain")
gpt2.vary(
    "by-layer-upcast",
    {"scale_attn_by_inverse_layer_idx": True, "reorder_and_upcast_attn": True},
    same_as="by-layer",
)
gpt2.vary(
    "by-layer-unscaled",
    {"scale_attn_by_inverse_layer_idx": True, "scale_attn_weights": False},
    gain={"c_attn": 0.7},
)
gpt2.vary("untied", {"tie_word_embeddings": False}, same_as="plain")
gpt2.vary("no-prefix", architecture="GPT2Model")
gpt2.vary("head-copied", copies={"lm_head.weight": "transformer.wte.weight"}, same_as="plain")
gpt2.vary(
    "stale-masks",
    architecture="GPT2Model",
    stale={f"h.{i}.attn.bias": ("float32", [1, 1, 24, 24]) for i in range(2)}
    | {f"h.{i}.attn.masked_bias": ("float32", []) for i in range(2)},
    same_as="no-prefix",
)
gpt2.vary("classifier", architecture="GPT2ForSequenceClassification", same_as="plain")
gpt2.vary("half", dtype="float16")
gpt2.vary("double", dtype="float64", same_as="plain")
gpt2.vary("one-token", inputs=[{"token_ids": [5]}, {"token_ids": [5, 5]}])
gpt2.vary("head-instead", rename=[("transformer.wte", "lm_head")])
gpt2.vary("shards", shards=2, same_as="plain")
gpt2.vary(
    "hub-keys",
    {
        "activation_function": "gelu_new",
        "attn_pdrop": 0.1,
        "n_ctx": 1024,
        "summary_activation": None,
        "summary_first_dropout": 0.1,
        "summary_proj_to_labels": True,
        "summary_type": "cls_index",
        "summary_use_proj": True,
        "task_specific_params": {"text-generation": {"do_sample": True, "max_length": 50}},
    },
    same_as="plain",
)

GPT_NEO = {
    "vocab_size": 40,
    "hidden_size": 32,
    "num_layers": 2,
    "num_heads": 4,
    "attention_types": [[["global", "local"], 1]],
    "window_size": 4,
    "max_position_embeddings": 24,
}
gpt_neo = Family(
    "gpt_neo",
    "GPTNeoForCausalLM",
    GPT_NEO,
    inputs=INPUTS,
    kind="decoder",
    gain={"[qk]_proj": 0.7},  # its scores are not divided by sqrt(d_head)
)
gpt_neo.vary("all-local", {"attention_types": [[["local"], 2]]})
gpt_neo.vary("all-global", {"attention_types": [[["global"], 2]]})
gpt_neo.vary("local-first", {"attention_types": [[["local"], 1], [["global"], 1]]})
gpt_neo.vary(  # what is listed counts, whatever the types say
    "listed", {"attention_layers": ["local", "global"]}, same_as="local-first"
)
gpt_neo.vary("inner", {"intermediate_size": 40})
gpt_neo.vary("wide-window", {"window_size": 256}, same_as="all-global")
gpt_neo.vary("no-prefix", architecture="GPTNeoModel")
gpt_neo.vary(
    "stale-masks",
    {"attention_layers": ["global", "local"]},
    stale={f"transformer.h.{i}.attn.attention.bias": ("uint8", [1, 1, 24, 24]) for i in range(2)}
    | {f"transformer.h.{i}.attn.attention.masked_bias": ("float32", []) for i in range(2)},
    same_as="plain",
)

GPT_NEOX = {
    "vocab_size": 40,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 48,
    "max_position_embeddings": 24,
}
gpt_neox = Family("gpt_neox", "GPTNeoXForCausalLM", GPT_NEOX, inputs=INPUTS, kind="decoder")
gpt_neox.vary("sequential", {"use_parallel_residual": False})
gpt_neox.vary("old-rotary", {"rotary_pct": 0.5, "rotary_emb_base": 300})
gpt_neox.vary(
    "new-rotary",
    {"rope_parameters": {"rope_type": "default", "rope_theta": 300, "partial_rotary_factor": 0.5}},
    same_as="old-rotary",
)
gpt_neox.vary("whole-rotary", {"rotary_pct": 1.0})
gpt_neox.vary("odd-rotary", {"hidden_size": 40, "rotary_pct": 0.3})
gpt_neox.vary("linear", {"rope_scaling": {"type": "linear", "factor": 3.0}})
gpt_neox.vary("no-bias", {"attention_bias": False})
gpt_neox.vary("gelu-fast", {"hidden_act": "gelu_fast"})
gpt_neox.vary("tied", {"tie_word_embeddings": True}, same_as="plain")
gpt_neox.vary("no-prefix", architecture="GPTNeoXModel")
gpt_neox.vary(
    "stale-masks",
    stale={f"gpt_neox.layers.{i}.attention.bias": ("bool", [1, 1, 24, 24]) for i in range(2)}
    | {f"gpt_neox.layers.{i}.attention.masked_bias": ("float32", []) for i in range(2)}
    | {f"gpt_neox.layers.{i}.attention.rotary_emb.inv_freq": ("float32", [2]) for i in range(2)},
    same_as="plain",
)

GPTJ = {
    "vocab_size": 40,
    "n_embd": 32,
    "n_layer": 2,
    "n_head": 2,
    "n_positions": 24,
    "rotary_dim": 8,
}
gptj = Family("gptj", "GPTJForCausalLM", GPTJ, inputs=INPUTS, kind="decoder")
gptj.vary("whole-rotary", {"rotary_dim": 16})
gptj.vary("inner", {"n_inner": 40})
gptj.vary("silu", {"activation_function": "silu"})
gptj.vary("no-prefix", architecture="GPTJModel")
gptj.vary(
    "stale-masks",
    stale={f"transformer.h.{i}.attn.bias": ("bool", [1, 1, 24, 24]) for i in range(2)}
    | {f"transformer.h.{i}.attn.masked_bias": ("float32", []) for i in range(2)},
    same_as="plain",
)

OPT = {
    "vocab_size": 40,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "ffn_dim": 48,
    "max_position_embeddings": 24,
}
opt = Family("opt", "OPTForCausalLM", OPT, inputs=INPUTS, kind="decoder")
opt.vary("post-norm", {"do_layer_norm_before": False})
opt.vary("projected", {"word_embed_proj_dim": 20})
opt.vary("post-norm-projected", {"do_layer_norm_before": False, "word_embed_proj_dim": 20})
opt.vary("no-bias", {"enable_bias": False})
opt.vary("plain-norms", {"layer_norm_elementwise_affine": False})
opt.vary("no-final-norm", {"_remove_final_layer_norm": True})
opt.vary("gelu", {"activation_function": "gelu"})
opt.vary("no-prefix", architecture="OPTModel")
opt.vary("model-prefix", architecture="OPTModel", rename=[("^", "model.")], same_as="plain")
opt.vary(
    "head-copied",
    copies={"lm_head.weight": "model.decoder.embed_tokens.weight"},
    same_as="plain",
)

BLOOM = {"vocab_size": 40, "hidden_size": 48, "n_layer": 2, "n_head": 6}
bloom = Family("bloom", "BloomForCausalLM", BLOOM, inputs=INPUTS, kind="decoder")
bloom.vary("eight-heads", {"n_head": 8})
bloom.vary("three-heads", {"n_head": 3})
bloom.vary("twelve-heads", {"n_head": 12})
bloom.vary("twenty-heads", {"n_head": 20, "hidden_size": 60})
bloom.vary("residual-after-norm", {"apply_residual_connection_post_layernorm": True})
bloom.vary("epsilon", {"layer_norm_epsilon": 1e-2})
bloom.vary("old-size", {"n_embed": 48}, without=["hidden_size"], same_as="plain")
bloom.vary("no-prefix", architecture="BloomModel")
bloom.vary(
    "hub-keys",
    {
        "attention_softmax_in_fp32": True,
        "bias_dropout_fusion": True,
        "masked_softmax_fusion": True,
        "offset_alibi": 100,
        "pretraining_tp": 2,
        "seq_length": 2048,
        "skip_bias_add": True,
        "skip_bias_add_qkv": False,
        "slow_but_exact": False,
        "unk_token_id": 0,
    },
    same_as="plain",
)

FALCON = {
    "vocab_size": 40,
    "hidden_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 6,
    "max_position_embeddings": 24,
}
NEW_FALCON = {"new_decoder_architecture": True, "num_kv_heads": 2}
falcon = Family("falcon", "FalconForCausalLM", FALCON, inputs=INPUTS, kind="decoder")
falcon.vary("sequential", {"parallel_attn": False})
falcon.vary("multi-head", {"multi_query": False})
falcon.vary("multi-head-sequential", {"multi_query": False, "parallel_attn": False})
falcon.vary("bias", {"bias": True})
falcon.vary("inner", {"ffn_hidden_size": 40})
falcon.vary("relu", {"activation": "relu"})
falcon.vary("new", NEW_FALCON)
falcon.vary("new-one-norm", NEW_FALCON | {"num_ln_in_parallel_attn": 1})
falcon.vary("new-two-norms", NEW_FALCON | {"num_ln_in_parallel_attn": 2}, same_as="new")
falcon.vary("new-bias", NEW_FALCON | {"bias": True})
falcon.vary("alibi", {"alibi": True})
falcon.vary(
    "alibi-sequential",
    {"alibi": True, "parallel_attn": False, "multi_query": False, "bias": True},
)
falcon.vary("alibi-new", NEW_FALCON | {"alibi": True})
falcon.vary("alibi-four-heads", {"alibi": True, "num_attention_heads": 4})
falcon.vary("old-base", {"rope_theta": 300.0})
falcon.vary("old-size", {"n_embed": 48}, without=["hidden_size"], same_as="plain")
falcon.vary("linear", {"rope_scaling": {"type": "linear", "factor": 3.0}})
falcon.vary(
    "hub-keys",
    {
        "apply_residual_connection_post_layernorm": False,
        "attention_dropout": 0.0,
        "hidden_dropout": 0.0,
        "num_kv_heads": 6,
    },
    same_as="plain",
)
falcon.vary("no-prefix", architecture="FalconModel")
falcon.vary("bfloat16", dtype="bfloat16")

bigcode = Family("gpt_bigcode", "GPTBigCodeForCausalLM", GPT2, inputs=INPUTS, kind="decoder")
bigcode.vary("own-keys", {"multi_query": False})
bigcode.vary("unscaled", {"scale_attn_weights": False}, gain={"c_attn": 0.7})
bigcode.vary("relu", {"activation_function": "relu"})
bigcode.vary("no-prefix", architecture="GPTBigCodeModel")

codegen = Family(
    "codegen",
    "CodeGenForCausalLM",
    GPTJ | {"n_head": 4, "rotary_dim": 4},
    inputs=INPUTS,
    kind="decoder",
)
codegen.vary("whole-rotary", {"rotary_dim": 8})
codegen.vary("two-heads", {"n_head": 2})
codegen.vary("silu", {"activation_function": "silu"})

first = Family("openai-gpt", "OpenAIGPTLMHeadModel", GPT2, inputs=INPUTS, kind="decoder")
first.vary("swish", {"afn": "swish"})
first.vary("epsilon", {"layer_norm_epsilon": 1e-2})
first.vary("no-prefix", architecture="OpenAIGPTModel")

XGLM = {
    "vocab_size": 40,
    "d_model": 32,
    "ffn_dim": 40,
    "num_layers": 2,
    "attention_heads": 4,
    "max_position_embeddings": 24,
}
xglm = Family("xglm", "XGLMForCausalLM", XGLM, inputs=INPUTS, kind="decoder")
xglm.plain = xglm.cases[0] = replace(xglm.plain, single=True)
xglm.vary("unscaled", {"scale_embedding": False})
xglm.vary("relu", {"activation_function": "relu"})
xglm.vary("no-prefix", architecture="XGLMModel")

BIOGPT = {
    "vocab_size": 40,
    "hidden_size": 32,
    "intermediate_size": 40,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 24,
}
biogpt = Family("biogpt", "BioGptForCausalLM", BIOGPT, inputs=INPUTS, kind="decoder")
biogpt.vary("unscaled", {"scale_embedding": False})
biogpt.vary("relu", {"hidden_act": "relu"})
biogpt.vary("epsilon-unused", {"layer_norm_eps": 1e-2}, same_as="plain")
biogpt.vary("no-prefix", architecture="BioGptModel")

MPT = {"vocab_size": 40, "d_model": 48, "n_layers": 2, "n_heads": 4, "max_seq_len": 64}
mpt = Family("mpt", "MptForCausalLM", MPT, inputs=INPUTS, kind="decoder")
mpt.vary("six-heads", {"n_heads": 6})
mpt.vary("scale", {"attn_config": {"softmax_scale": 0.5}})
mpt.vary("epsilon", {"layer_norm_epsilon": 1e-2})
mpt.vary("no-prefix", architecture="MptModel")
mpt.vary(
    "hub-keys",
    {
        "expansion_ratio": 4,
        "learned_pos_emb": True,
        "logit_scale": None,
        "no_bias": True,
        "norm_type": "low_precision_layernorm",
        "attn_config": {"alibi": True, "alibi_bias_max": 8, "attn_impl": "torch", "qk_ln": False},
    },
    same_as="plain",
)

FAMILIES = [
    mpt,
    bigcode,
    codegen,
    first,
    xglm,
    biogpt,
    gpt2,
    gpt_neo,
    gpt_neox,
    gptj,
    opt,
    bloom,
    falcon,
]

"""Which tokenizer class a model type has, and which classes are another one by another name."""

from __future__ import annotations

CLASS_OF_MODEL = {
    **dict.fromkeys(("bert", "distilbert", "electra"), "BertTokenizer"),
    **dict.fromkeys(
        ("codegen", "gpt2", "gpt_neo", "gptj", "opt", "phi", "starcoder2"), "GPT2Tokenizer"
    ),
    **dict.fromkeys(("roberta", "bart"), "RobertaTokenizer"),
    **dict.fromkeys(("gpt_neox", "mpt", "olmo", "olmoe"), "GPTNeoXTokenizer"),
    "mpnet": "MPNetTokenizer",
    **dict.fromkeys(
        ("qwen2", "qwen2_5_vl", "qwen2_moe", "qwen2_vl", "qwen3", "qwen3_moe", "qwen3_vl"),
        "Qwen2Tokenizer",
    ),
    **dict.fromkeys(("gemma", "gemma2", "gemma3", "gemma3_text", "t5gemma"), "GemmaTokenizer"),
    **dict.fromkeys(("cohere", "cohere2"), "CohereTokenizer"),
    "clip": "CLIPTokenizer",
    "biogpt": "BioGptTokenizer",
    "xlm": "XLMTokenizer",
    "xglm": "XGLMTokenizer",
    **dict.fromkeys(("t5", "mt5"), "T5Tokenizer"),
    "albert": "AlbertTokenizer",
    "big_bird": "BigBirdTokenizer",
    "camembert": "CamembertTokenizer",
    "deberta-v2": "DebertaV2Tokenizer",
    "m2m_100": "M2M100Tokenizer",
    "marian": "MarianTokenizer",
    "mbart": "MBartTokenizer",
    "plbart": "PLBartTokenizer",
    "siglip": "SiglipTokenizer",
    "pegasus": "PegasusTokenizer",
    "rembert": "RemBertTokenizer",
    "xlnet": "XLNetTokenizer",
    **dict.fromkeys(("gte", "xlm-roberta"), "XLMRobertaTokenizer"),
    "blenderbot": "BlenderbotTokenizer",
    "deberta": "DebertaTokenizer",
    "esm": "EsmTokenizer",
    "openai-gpt": "OpenAIGPTTokenizer",
    **dict.fromkeys(
        ("convbert", "ernie", "megatron-bert", "mobilebert", "nomic_bert", "squeezebert"),
        "BertTokenizer",
    ),
    **dict.fromkeys(
        ("data2vec-text", "led", "longformer", "mvp", "roberta-prelayernorm"), "RobertaTokenizer"
    ),
    **dict.fromkeys(("longt5", "switch_transformers"), "T5Tokenizer"),
}
ALIASES = {
    f"{name}Tokenizer": f"{own}Tokenizer"
    for own, names in (
        ("Bert", ("ConvBert", "DPRContextEncoder", "DPRQuestionEncoder", "Electra", "LayoutLM")),
        ("Bert", ("Lxmert", "MobileBert", "SqueezeBert")),
        ("Roberta", ("Bart", "LED", "Longformer", "Mvp")),
    )
    for name in names
}
"""Classes of transformers 5 that are another one by another name."""
FILE_ALONE = frozenset((
    "ernie4_5", "glm", "glm4", "glm4_moe", "gpt_bigcode", "granite", "granitemoe", "llava",
    "llava_next", "ministral", "mistral", "mistral3", "mixtral", "modernbert",
    "modernbert-decoder", "nemotron", "olmo2", "olmo3", "phi3", "smolvlm", "stablelm", "umt5",
    "xlm-roberta-xl",
))  # fmt: skip
"""Types of models whose tokenizer.json is used as it is, whatever class their folder names."""

"""Record the texts that transformers makes of chats with templates of the usual shapes.

``python -m tests.oracle.chat_texts`` writes ``fixtures/chats.json``: for each template the files of
its folder, and for each list of messages the text, or nothing where the template refuses it.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from transformers import AutoTokenizer

FIXTURES = Path(__file__).parents[1] / "fixtures"

HEADERS = """{{- bos_token }}
{%- for message in messages %}
    {{- '<|start|>' + message['role'] + '<|end|>\\n\\n' + message['content'] | trim + '<|eot|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start|>assistant<|end|>\\n\\n' }}
{%- endif %}"""

CHATML = """{% for message in messages %}
{% if loop.first and message['role'] != 'system' %}
{{ '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>' }}
{% endif %}
<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor %}
{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""

INSTRUCTIONS = """{%- if messages[0]['role'] == 'system' %}
    {%- set system = messages[0]['content'] %}
    {%- set rest = messages[1:] %}
{%- else %}
    {%- set rest = messages %}
{%- endif %}
{{- bos_token }}
{%- for message in rest %}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
        {{- raise_exception('Roles must alternate user/assistant/user/assistant') }}
    {%- endif %}
    {%- if message['role'] == 'user' %}
        {%- if loop.last and system is defined %}
            {{- '[INST] ' + system + '\\n\\n' + message['content'] + '[/INST]' }}
        {%- else %}
            {{- '[INST] ' + message['content'] + '[/INST]' }}
        {%- endif %}
    {%- else %}
        {{- ' ' + message['content'] + eos_token }}
    {%- endif %}
{%- endfor %}"""

TURNS = """{{ bos_token }}{% if messages[0]['role'] == 'system' %}
{{ raise_exception('System role not supported') }}{% endif %}
{% for message in messages %}
{% set role = 'model' if message.role == 'assistant' else message.role %}
{{ '<start_of_turn>' + role + '\\n' + message['content'] | trim + '<end_of_turn>\\n' }}
{% endfor %}
{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}"""

PARTS = """{%- macro spoken(content) %}
    {%- if content is string %}{{ content }}{% else %}
        {%- for part in content %}
            {%- if part.type == 'text' %}{{ part.text }}{% else %}<{{ part.type }}>{% endif %}
        {%- endfor %}
    {%- endif %}
{%- endmacro %}
{%- set ns = namespace(last=-1, names=dict(a=1)) %}
{%- for message in messages %}
    {%- if message.role == 'user' %}{% set ns.last = loop.index0 %}{% endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if loop.index0 > 20 %}{% break %}{% endif %}
    {%- if message.role == 'tool' %}{% continue %}{% endif %}
    {{- '<' + message.role + '>' }}
    {%- if message.reasoning_content and loop.index0 > ns.last %}
        {{- '<think>' + message.reasoning_content + '</think>' }}
    {%- endif %}
    {%- generation %}{{ spoken(message.content) }}{% endgeneration %}
    {%- for call in message.tool_calls or [] %}{{ call | tojson }}{% endfor %}
    {{- '</' + message.role ~ ns.names.a ~ '>\\n' }}
{%- endfor %}
{{- tools is none and documents is none }}
{{- messages | map(attribute='role') | join(',') }}{{ messages[0] | tojson(indent=2) }}
{{- messages | length }}{{ 'é' | tojson }}{{ messages[-1].content.split('x') | last }}"""

USER = {"role": "user", "content": "  What is a hat? <b>&amp; é 日本 "}
ANSWER = {"role": "assistant", "content": "A hat.\n"}
SYSTEM = {"role": "system", "content": "Be brief."}
CHATS: list[list[dict[str, Any]]] = [
    [USER],
    [SYSTEM, USER],
    [USER, ANSWER, {"role": "user", "content": "Why?"}],
    [USER, USER],
    [{**ANSWER, "thinking": "It is.", "name": None, "tool_calls": [{"f": "é", "n": 1}]}, USER],
    [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "See?"}]}],
    [USER, {**ANSWER, "reasoning_content": "Think."}],
]
LLAMA = {"tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "eos_token": "</s>"}
FAST = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>"}
SEVERAL = [{"name": "default", "template": TURNS}, {"name": "tools", "template": CHATML}]
# name: (tokenizer_config.json, further files)
FOLDERS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "headers": ({**FAST, "chat_template": HEADERS}, {}),
    "headers, the class's own tokens": (
        {"tokenizer_class": "LlamaTokenizer", "chat_template": HEADERS},
        {},
    ),
    "chatml": ({**FAST, "chat_template": CHATML}, {}),
    "instructions": ({**LLAMA, "chat_template": INSTRUCTIONS}, {}),
    "turns": ({**FAST, "chat_template": TURNS}, {}),
    "parts": ({**FAST, "chat_template": PARTS}, {}),
    "several": ({**FAST, "chat_template": SEVERAL}, {}),
    "a file, which comes first": (
        {**FAST, "chat_template": TURNS},
        {"chat_template.jinja": CHATML},
    ),
    "files of several": (
        FAST,
        {"chat_template.jinja": TURNS, "additional_chat_templates/tools.jinja": CHATML},
    ),
}


def record(name: str) -> dict[str, Any]:
    """One folder, and what transformers makes of every chat."""
    config, files = FOLDERS[name]
    written = {"tokenizer_config.json": json.dumps(config), **files}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        shutil.copy(FIXTURES / "tokenizers/byte-fallback/tokenizer.json", folder)
        for file, text in written.items():
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).write_text(text, encoding="utf-8")
        tokenizer = AutoTokenizer.from_pretrained(folder)
        names = ["default", "tools"] if "several" in name else ["default"]
        chats = [
            [chat, prompt, template, made(tokenizer, chat, prompt, template)]
            for chat in CHATS
            for prompt in (False, True)
            for template in names
        ]
    return {"name": name, "written": written, "chats": chats}


def made(tokenizer: Any, chat: list[dict[str, Any]], prompt: bool, template: str) -> Any:
    """The text and the ids; None where the template refuses the chat or fails on it."""
    several = isinstance(tokenizer.chat_template, dict)
    how = {"add_generation_prompt": prompt, "chat_template": template if several else None}
    try:
        text = tokenizer.apply_chat_template(chat, tokenize=False, **how)
    except Exception:
        return None
    return [text, tokenizer.apply_chat_template(chat, **how)["input_ids"]]


def main() -> None:
    """Write the fixture."""
    lines = [json.dumps(record(name), ensure_ascii=False) for name in FOLDERS]
    (FIXTURES / "chats.json").write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()

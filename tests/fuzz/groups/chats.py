"""Chat templates that mean harm, and messages that are none."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

from attnviz.tokenizer.chat import chat_text
from tests.fuzz.judge import Case, by_library, by_program
from tests.fuzz.values import TEXTS, broken_bytes, broken_json, changed, nasty
from tests.model.made import small, write

__all__ = ["Chats"]

PIECES = (
    "{{ bos_token }}", "{{ messages }}", "{{ messages[0].content }}", "{{ messages|tojson }}",
    "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}", "{% endfor %}", "{%",
    "{{ raise_exception('no') }}", "{% if add_generation_prompt %}A{% endif %}",
    "{{ ''.__class__ }}",
    "{{ 'a' * 10**11 }}", "{{ range(10**9) }}", "{{ 'x'|center(10**11) }}", "{% break %}",
    "{{ cycler.__init__.__globals__ }}", "{% set x = namespace(y=1) %}{{ x.__init__ }}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "{{ messages[0].update({'a': 1}) }}",
    "{% generation %}g{% endgeneration %}", "{{ strftime_now('%Y' * 999) }}", "{{ 1 // 0 }}",
    "{{ lipsum(n=10**6) }}", "{{ 'a'.format(1) }}", "{{ '{0.__class__}'.format(1) }}",
    "{% for i in range(9999) %}{{ messages }}{% endfor %}", "{{ joiner.__call__ }}",
    "{% include 'x' %}", "{% import 'os' as os %}", "{{ dict(a=1)|tojson(indent=10**6) }}",
    "{{ ('%' ~ '0999999d')|format(1) }}", "{% call f() %}{% endcall %}", "{# x", "{{ self }}",
    "{{ 'a'.encode().decode() }}", "{{ messages|map(attribute='x.y.z')|list }}", "é日本\x1b[31m",
)  # fmt: skip
CHAT = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "What?", "tool_calls": [{"name": "f", "arguments": {"a": 1}}]},
]


class Chats:
    """A small model with a chat template of all sorts."""

    def __init__(self, place: Path) -> None:
        self.folder = place / "talker"
        self.folder.mkdir()
        write(self.folder, small("bert-plain", "wordpiece"), "wordpiece")

    def case(self, random: Random) -> Case:
        """A template of a few pieces, around messages that are whole or broken."""
        template: object = "".join(random.choice(PIECES) for _ in range(random.choice((1, 2, 5))))
        if random.random() < 0.1:
            template = nasty(random)
        elif random.random() < 0.1:
            template = changed(random, [{"name": "default", "template": template}])
        settings = {"chat_template": template, "bos_token": "[CLS]", "eos_token": {"content": "x"}}
        data = json.dumps(settings).encode()
        if random.random() < 0.2:
            data = broken_json(random, settings)
        (self.folder / "tokenizer_config.json").write_bytes(data)
        file = self.folder / "chat_template.jinja"
        file.unlink(missing_ok=True)
        if random.random() < 0.1:
            file.write_bytes(broken_bytes(random, str(template).encode("utf-8", "replace")))
        messages = random.choice((CHAT, changed(random, CHAT), nasty(random), random.choice(TEXTS)))
        if random.random() < 0.2:
            said = json.dumps(messages).encode()
            return by_program(
                "run", "-", "--chat", "--truncate", "--json", "-m", self.folder, stdin=said
            )
        return by_library(
            lambda: chat_text(
                self.folder,
                messages,  # type: ignore[arg-type]
                name="talker",
                generation_prompt=random.random() < 0.5,
            )
        )

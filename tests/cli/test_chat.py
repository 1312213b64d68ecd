"""``attnviz run --chat``: texts and messages as the model was trained to read them."""

from __future__ import annotations

import json

import pytest

from tests.model.made import small, write

TEMPLATE = (
    "{{ cls_token }}{% for m in messages %}{{ m.role[0] + ' ' + m.content }} [SEP]{% endfor %}"
    "{% if add_generation_prompt %} it{% endif %}"
)


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "talker"
    place.mkdir()
    write(place, small("bert-plain", "wordpiece"), "wordpiece")
    settings = {"chat_template": TEMPLATE, "cls_token": "[CLS]"}
    (place / "tokenizer_config.json").write_text(json.dumps(settings))
    return place


def spoken(ended) -> list[list[str]]:
    assert (ended.code, ended.err) == (0, "")
    return [[token["text"] for token in document["tokens"]] for document in ended.documents]


def test_a_text_is_what_a_user_says(attnviz, folder):
    ended = attnviz("run", "the hat", "--chat", "--json", "-m", folder)
    assert spoken(ended) == [["[CLS]", "u", "the", "hat", "[SEP]"]]
    assert ended.documents[0]["texts"] == ["[CLS]u the hat [SEP]"]


def test_messages_come_as_json_and_an_answer_can_be_begun(attnviz, folder):
    chat = [{"role": "user", "content": "hat"}, {"role": "assistant", "content": "the cat"}]
    line = json.dumps(chat).encode()
    ended = attnviz("run", "-", "--chat", "--generation-prompt", "--json", "-m", folder, stdin=line)
    assert spoken(ended) == [["[CLS]", "u", "hat", "[SEP]", "a", "the", "cat", "[SEP]", "it"]]


PRETTY = json.dumps(
    [{"role": "user", "content": "hat"}, {"role": "tool", "content": "it"}], indent=2
)


def test_messages_come_from_a_file_of_many_lines_or_standard_input(attnviz, folder, tmp_path):
    (tmp_path / "chat.json").write_text(f"\ufeff{PRETTY}\n", encoding="utf-8")
    want = [["[CLS]", "u", "hat", "[SEP]", "t", "it", "[SEP]"]]
    for given in ["-f", "chat.json"], ["-"], []:
        ended = attnviz("run", *given, "--chat", "--json", "-m", folder, stdin=PRETTY.encode())
        assert spoken(ended) == want
    assert attnviz("run", "-f", "chat.json", "--chat", "-o", "a.csv", "-m", folder).code == 0


def test_files_of_messages_stand_in_their_order_among_others(attnviz, folder, tmp_path):
    (tmp_path / "chat.json").write_text(PRETTY)
    (tmp_path / "said.txt").write_text("the cat\nit\n")
    files = ["-f", "said.txt", "-f", "chat.json", "-f", "said.txt"]
    said = spoken(attnviz("run", *files, "--chat", "--json", "-m", folder))
    assert [tokens[2] for tokens in said] == ["the", "it", "hat", "the", "it"]


@pytest.mark.parametrize("text", ['{"messages": []}', "[]", "hat", '["hat"]', ""])
def test_a_file_without_messages_is_refused(attnviz, folder, tmp_path, text):
    (tmp_path / "chat.json").write_text(text)
    ended = attnviz("run", "-f", "chat.json", "--chat", "-m", folder)
    assert (ended.code, ended.out) == (1, b"")
    assert "'chat.json' holds no JSON list of messages" in ended.err


def test_every_line_may_be_a_chat(attnviz, folder):
    lines = b'the hat\n\n[{"role": "user", "content": "it"}]\n'
    ended = attnviz("run", "--lines", "--chat", "--json", "-m", folder, stdin=lines)
    assert [tokens[2] for tokens in spoken(ended)] == ["the", "it"]
    assert [document["line"] for document in ended.documents] == [1, 3]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["hat", "--chat", "--pair", "cat"], 2, "--chat makes one text with its special tokens"),
        (["hat", "--chat", "--no-add-special"], 2, "--chat makes one text"),
        (["hat", "--generation-prompt"], 2, "give --chat with it"),
        (['[{"role": "user", ]', "--chat"], 1, "begins as a JSON list of messages but is none"),
        (["[{}]", "--chat"], 1, "each with a role"),
        (['[{"role": "user"}]', "--chat"], 1, "the chat template of 'talker' cannot be rendered"),
        (["hat", "--chat", "-m", "all-MiniLM-L6-v2"], 1, "has no chat template"),
    ],
)
def test_what_is_no_chat_is_refused_in_a_sentence(attnviz, folder, words, code, sentence):
    model = [] if "-m" in words else ["-m", folder]
    ended = attnviz("run", *words, *model)
    assert (ended.code, ended.out) == (code, b"")
    assert sentence in ended.err and ended.err.count("\n") == 1


def test_a_line_that_is_no_chat_is_passed_over(attnviz, folder):
    lines = b'the hat\n[{"role": ]\n[{"role": "user", "content": "it"}]\n'
    ended = attnviz("run", "--lines", "--chat", "--json", "--skip-bad", "-m", folder, stdin=lines)
    assert ended.code == 0 and [one["line"] for one in ended.documents] == [1, 3]
    assert ended.err.startswith("attnviz: line 2: this begins as a JSON list of messages but is")

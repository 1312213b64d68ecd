"""What ``attnviz run`` says that a word refers to: the same sentence in every form."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest

import attnviz as api
from attnviz import findings
from attnviz.document import write_json
from attnviz.render.claims import claim_text

TEXT = "He took the hat and examined it carefully"
HAT = re.compile(r"^it refers to hat \(\.9\d\), by heads 3\.1, ", re.MULTILINE)
RIGHT = re.compile(r"\d+% of \d+ such answers\s+are\s+right\s+in\s+annotated\s+text\.")


def test_the_answer_begins_with_what_it_refers_to(attnviz):
    said = attnviz("run", TEXT, "--ask", "it").text.split("\n\n")
    assert HAT.match(said[1]) and RIGHT.search(said[1])
    assert said[2].startswith("it → hat")


def test_without_a_question_each_pronoun_has_a_line(attnviz):
    last = attnviz("run", TEXT).text.split("\n\n")[-1]
    assert last.startswith("He refers to no word before it (1.00).\n") and HAT.search(last)


def test_both_words_are_named_where_it_may_be_either(attnviz):
    text = "The trophy doesn't fit in the suitcase because it is too big"
    said = attnviz("run", text, "--ask", "it").text
    assert re.search(r"^it refers to trophy \(\.\d\d\) or suitcase \(\.\d\d\)", said, re.MULTILINE)


def test_what_rains_is_nothing(attnviz):
    assert "It refers to no word before it (1.00)" in attnviz("run", "It is raining").text


def test_a_verb_has_a_subject_and_an_object(attnviz):
    said = attnviz("run", TEXT, "--ask", "took").text
    assert re.search(r"^subject of took: He \(\.\d\d\), by heads ", said, re.MULTILINE)
    assert re.search(r"^object of took: hat \(\.\d\d\), by heads ", said, re.MULTILINE)


def test_json_and_the_api_say_the_same(attnviz):
    [document] = attnviz("run", TEXT, "--ask", "it", "--json").documents
    [found] = document["found"]["answers"][0]["claims"]
    result = api.load().attend(TEXT)
    [claim] = result.ask("it").claims
    assert found["said"] == claim_text(claim) and HAT.match(found["said"])
    assert found["word"] == {"text": "it", "tokens": [7]}
    assert found["named"] == [
        {"word": {"text": "hat", "tokens": [4]}, "probability": claim.probability}
    ]
    pronouns = [one["said"] for one in document["found"]["claims"]]
    assert pronouns == [claim_text(one) for one in result.claims()] and len(pronouns) == 2


def test_the_page_has_the_sentences_and_the_labels_of_heads(attnviz, tmp_path):
    attnviz("run", TEXT, "-o", "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    [contents] = re.findall(r'<script type="application/json" id="contents">(.*?)</script>', page)
    known = json.loads(contents)["inputs"][0]["known"]
    said = ["".join(text for text, _ in parts) for _, parts, pronoun in known["claims"] if pronoun]
    assert [one.partition(" (")[0] for one in said] == [
        "He refers to no word before it", "it refers to hat"]  # fmt: skip
    assert known["labels"]["0.2"] == "previous word 1.00"


@pytest.mark.parametrize("given", [["--tokens"], ["--no-special"], ["--mean"]])
def test_however_the_text_is_shown_the_answer_is_the_same(attnviz, given):
    assert HAT.search(attnviz("run", TEXT, "--ask", "it", *given).text)


def test_a_part_of_the_heads_answers_nothing(attnviz):
    assert "refers" not in attnviz("run", TEXT, "--ask", "it", "--layer", "3").text


def test_a_saved_document_is_answered_by_the_model_that_its_weights_are(attnviz, tmp_path):
    attnviz("run", TEXT, "-o", "saved.json")
    assert HAT.search(attnviz("render", "saved.json", "--ask", "it").text)
    saved = json.loads((tmp_path / "saved.json").read_text())
    assert "folder" not in saved["model"]
    saved["model"]["sha256"] = "0" * 64
    (tmp_path / "other.json").write_text(json.dumps(saved))
    assert "refers" not in attnviz("render", "other.json", "--ask", "it").text


def test_no_document_says_where_the_model_lies(tmp_path):
    result = api.load().attend(TEXT)
    with (tmp_path / "saved.json").open("wb") as stream:
        write_json(result, stream)
    assert str(result.model.folder) not in (tmp_path / "saved.json").read_text()


def test_another_model_has_no_lens_until_one_is_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    model = api.load()
    result = model.attend(TEXT)
    lens = findings.lens(model, "coreference")
    other = tmp_path / "other"
    other.mkdir()
    for path in model.folder.iterdir():
        if (
            path.is_file()
            and path.suffix in (".json", ".safetensors")
            and "labels" not in path.name
        ):
            (other / path.name).symlink_to(path)
    copied = api.load(other)
    assert copied.attend(TEXT).claims() == []
    findings.keep_lens(copied, lens)
    assert [claim_text(one) for one in copied.attend(TEXT).claims()] == [
        claim_text(one) for one in result.claims()
    ]


def test_probabilities_fall_from_the_first_word_to_the_second():
    result = api.load().attend("The trophy doesn't fit in the suitcase because it is too big")
    [claim] = result.claims()
    assert all(one.probability >= two.probability for one, two in pairwise(claim.named))

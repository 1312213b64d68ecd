"""``attnviz run``: the main job on the real embedded model."""

from __future__ import annotations

import json

import numpy as np
import pytest

from attnviz.document import read
from attnviz.model import load

HAT = "He took the hat and examined it carefully"


@pytest.fixture(scope="module")
def model():
    return load()


def weights(document) -> np.ndarray:
    return np.array(document["maps"]["encoder"]["weights"], np.float32)


def test_it_looks_at_the_hat(attnviz):
    ended = attnviz("run", HAT, "--ask", "it")
    assert (ended.code, ended.err) == (0, "")
    assert "it → hat 0.80 in head 3.1" in ended.text
    assert "mean of 72 heads" in ended.text


def test_with_a_full_stop_a_little_less(attnviz):
    assert "it → hat 0.75 in head 3.1" in attnviz("run", HAT + ".", "--ask", "it").text


def test_by_itself_it_shows_the_head_that_links_the_pronoun(attnviz):
    text = attnviz("run", HAT).text
    assert text.startswith("all-MiniLM-L6-v2 · 10 tokens · 6 layers × 12 heads\n")
    assert "Head 3.1 is shown: " in text and "the most of 72 heads." in text.replace("\n", " ")
    assert "it → hat 0.80 in 3.1" in text


def test_the_document_is_what_the_model_attends_and_nothing_else(attnviz, model):
    ended = attnviz("run", HAT, "--json", "--mean")
    (document,) = ended.documents
    assert ended.err == ""
    np.testing.assert_array_equal(weights(document), model.attend(HAT).maps["encoder"].weights)
    words = [token["word"] for token in document["tokens"] if not token.get("special")]
    assert words == list(range(8))


def test_a_document_says_what_the_terminal_says(attnviz):
    (document,) = attnviz("run", HAT, "--json", "--ask", "it").documents
    found, text = document["found"], attnviz("run", HAT, "--ask", "it").text
    (answer,) = found["answers"]
    best = answer["heads"][0]
    assert f"it → {best['key']['text']} {best['weight']:.2f} in head {best['head']}" in text
    first = found["links"][0]
    line = f"{first['query']['text']} → {first['key']['text']} {first['weight']:.2f}"
    assert line in attnviz("run", HAT).text


def test_documents_obey_what_is_hidden_and_by_which_units(attnviz, tmp_path):
    (document,) = attnviz(
        "run", "He took the snowshoes", "--json", "--no-special", "--by", "word"
    ).documents
    assert [token["text"] for token in document["tokens"]][1:-1] == [
        "He",
        "took",
        "the",
        "snowshoes",
    ]
    assert document["maps"]["encoder"]["keys"] == [1, 2, 3, 4]
    attnviz("run", "He took the snowshoes", "--by", "word", "--head", "3.1", "-o", "a.csv")
    rows = (tmp_path / "a.csv").read_text().splitlines()
    assert len(rows) == 1 + 6 * 6 and all(row.startswith("encoder,3,1,") for row in rows[1:])


def test_what_run_writes_render_reads(attnviz, tmp_path):
    direct = attnviz("run", HAT, "--head", "3.1")
    document = attnviz("run", HAT, "--json").out
    assert attnviz("render", "-", "--head", "3.1", stdin=document).out == direct.out


def test_a_text_comes_from_standard_input(attnviz):
    ended = attnviz("run", "-", "--ask", "it", stdin=f"\ufeff{HAT}\n".encode())
    assert "it → hat 0.80" in ended.text


def test_several_texts_give_one_document_a_line(attnviz, model):
    first, second = attnviz("run", "A hat.", "Two hats, both mine.", "--json").documents
    for text, document in (("A hat.", first), ("Two hats, both mine.", second)):
        alone = model.attend(text).maps["encoder"].weights
        np.testing.assert_allclose(weights(document), alone, atol=2e-6)


def test_every_line_is_a_text_and_empty_ones_are_passed_over(attnviz):
    documents = attnviz("run", "--lines", "-", "--json", stdin=b"One.\n\nTwo.\r\n  \n").documents
    assert [document["texts"] for document in documents] == [["One."], ["Two."]]


def test_several_texts_are_shown_one_after_another(attnviz):
    text = attnviz("run", "A hat.", "My own hat.").text
    assert text.count("all-MiniLM-L6-v2") == 2 and "\n\nall-MiniLM" in text


def test_a_pair_is_attended_to_as_one(attnviz, model):
    (document,) = attnviz("run", "Who wore it?", "--pair", "He did.", "--json").documents
    assert [token["segment"] for token in document["tokens"]][-3:] == [1, 1, 1]
    expected = model.attend("Who wore it?", pair="He did.").maps["encoder"].weights
    np.testing.assert_array_equal(weights(document), expected)


def test_a_text_that_is_too_long_is_cut_on_request(attnviz, tmp_path):
    assert attnviz("run", "word " * 600, "--truncate", "-o", "a.npz").code == 0
    assert len(read((tmp_path / "a.npz").read_bytes())[0].tokens) == 512


def test_a_long_sentence_is_still_shown_within_the_width(attnviz):
    lines = attnviz("run", " ".join(f"word{i}" for i in range(80))).text.splitlines()
    assert max(map(len, lines)) <= 100


def test_only_the_layers_that_are_shown_are_computed(attnviz, tmp_path):
    assert attnviz("run", HAT, "--layer", "2", "-o", "a.json").code == 0
    document = json.loads((tmp_path / "a.json").read_text())
    assert document["maps"]["encoder"]["layers"] == [2]


def test_a_reader_alone_cannot_continue_a_text(attnviz):
    ended = attnviz("run", HAT, "--generate", "5")
    assert ended.code == 1 and "all-MiniLM-L6-v2" in ended.err


def test_a_reader_alone_has_no_target(attnviz):
    ended = attnviz("run", HAT, "--target", "Er nahm den Hut")
    assert ended.code == 1 and "target" in ended.err


def test_top_prints_the_links_that_stand_under_a_map_and_nothing_else(attnviz):
    for by in ([], ["--tokens"], ["--head", "3.1"]):
        lines = attnviz("run", HAT, "--top", "6", *by).text.splitlines()
        map_too = attnviz("run", HAT, *by).text.splitlines()
        begin = next(i for i, line in enumerate(lines) if line.startswith("Strongest links"))
        assert lines[0].startswith("all-MiniLM-L6-v2") and begin == 2
        links = [line for line in lines[begin + 1 :] if " → " in line]
        assert links == [line for line in map_too if " → " in line and " in " in line]
        assert lines[begin + 1 + len(links)].startswith("Links by the weight beyond what distance")
    assert "→ hat 0.80 in 3.1" in attnviz("run", HAT, "--top", "3").text


def test_top_gives_programs_the_links_that_documents_have(attnviz):
    (said,) = attnviz("run", HAT, "--top", "6", "--json").documents
    (document,) = attnviz("run", HAT, "--json").documents
    found = document["found"]
    assert said["by"] == found["by"] == "word"
    units = [(link["query"], link["key"], link["head"]) for link in said["links"]]
    assert units == [(link["query"], link["key"], link["head"]) for link in found["links"]]


def test_top_of_a_single_word_says_that_there_is_nothing_to_link(attnviz):
    assert attnviz("run", "hat", "--top", "3").text.splitlines()[2:] == [
        "There are no two words to link."
    ]


@pytest.mark.parametrize("options", [["--beams", "2"], ["--allow-unknown"]], ids=str)
def test_how_to_write_is_refused_where_nothing_is_written(attnviz, options):
    ended = attnviz("run", HAT, *options)
    assert ended.code == 2 and "nothing is written here" in ended.err
    translator = ["-m", "attnviz-en-fr-small"]
    given = attnviz("run", "I am hungry.", "--target", "J'ai faim.", *translator, *options)
    assert given.code == 2 and "nothing is written here" in given.err


def test_beams_are_asked_for_by_their_number(attnviz):
    translator = ["-m", "attnviz-en-fr-small", "--json"]
    (document,) = attnviz("run", "I am hungry.", "--beams", "4", *translator).documents
    assert document["target_texts"] == ["J'ai faim."]
    assert attnviz("run", "I am hungry.", "--beams", "0", *translator).code == 2
    many = attnviz("run", "I am hungry.", "--beams", "65", *translator)
    assert many.code == 1 and "ask for 1 to 64" in many.err


@pytest.mark.parametrize("options", [[], ["--target", "Er nahm den Hut"]], ids=str)
def test_a_length_for_what_is_not_written_is_refused(attnviz, options):
    ended = attnviz("run", HAT, "--max-new-tokens", "3", *options)
    assert ended.code == 2 and "--max-new-tokens" in ended.err


@pytest.mark.parametrize("more", [["--mean"], ["--map", "encoder"], ["--ask", "it"]], ids=str)
def test_top_draws_no_map(attnviz, more):
    ended = attnviz("run", HAT, "--top", "3", *more)
    assert ended.code == 2
    assert "--top" in ended.err


def test_top_obeys_units_heads_and_decimals(attnviz):
    asked = ("run", HAT, "--top", "2", "--no-special", "--head", "3.1", "--head", "2.4", "--json")
    (words,) = attnviz(*asked, "--by", "word", "--precision", "3").documents
    assert words["by"] == "word" and words["precision"] == 3
    assert words["excluded"] == ["special", "itself", "neighbours"]
    assert words["links"][0]["head"] == "3.1" and words["links"][0]["weight"] == 0.801
    for by in (["--by", "token"], ["--tokens"]):
        assert attnviz(*asked, *by).documents[0]["by"] == "token"
    assert attnviz("run", HAT, "--top", "2", "--by", "word").code == 2


def test_top_prints_one_object_for_each_text(attnviz):
    first, second = attnviz("run", HAT, "The dog saw it", "--top", "3", "--json").documents
    assert first["texts"] == [HAT] and len(first["links"]) == 3
    for link in (*first["links"], *second["links"]):
        assert set(link) == {"query", "key", "head", "weight", "positional"}
        assert 0 < link["weight"] <= 1
    assert first["labels"]["3.1"][0].startswith("noun antecedent .6")
    assert set(first["labels"]) <= {link["head"] for link in first["links"]}


def test_a_document_names_the_weights_by_their_sum(attnviz):
    (document,) = attnviz("run", HAT, "--json").documents
    assert len(document["model"]["sha256"]) == 64


def test_only_line_ends_end_a_line_and_each_result_says_its_number(attnviz):
    given = "First\u2028still first.\nSecond.\r\n\nFourth.".encode()
    documents = attnviz("run", "--lines", "-", "--json", stdin=given).documents
    assert [document["line"] for document in documents] == [1, 2, 4]
    assert documents[0]["texts"] == ["First\u2028still first."]
    shown = attnviz("run", "--lines", "-", "--head", "3.1", stdin=given).text
    assert [line[-6:] for line in shown.splitlines() if "layers ×" in line] == [
        "line 1",
        "line 2",
        "line 4",
    ]


def test_without_a_text_standard_input_is_read(attnviz):
    assert "it → hat 0.80" in attnviz("run", "--ask", "it", stdin=f"{HAT}\n".encode()).text


def test_words_without_quotes_are_told(attnviz):
    ended = attnviz("run", "He", "took", "it")
    assert "3 texts of one word each; put quotes around" in ended.err
    assert attnviz("run", "He took", "the hat").err == ""


def test_special_tokens_may_be_left_out(attnviz):
    (document,) = attnviz("run", "a hat", "--no-add-special", "--json").documents
    assert [token["text"] for token in document["tokens"]] == ["a", "hat"]


def test_a_language_for_a_model_of_one_is_refused(attnviz):
    assert "no languages to choose 'fra_Latn' from" in attnviz("run", "a", "--to", "fra_Latn").err


def test_a_mask_is_a_word_that_one_may_ask_about(attnviz):
    text = attnviz("run", "the [MASK] is hot", "--ask", "[MASK]", "--no-special").text
    assert "[MASK] → " in text


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ("norm", "Norms of what each weight moves"),
        ("rollout", "Rollout: what a layer's tokens get"),
        ("flow", "Flow: the most that can get"),
    ],
)
def test_other_weights_are_maps_as_any_other_and_say_which(attnviz, tmp_path, weights, said):
    text = "He took the hat"
    shown = " ".join(attnviz("run", text, "--weights", weights).text.split())
    assert said in shown
    asked = " ".join(attnviz("run", text, "--weights", weights, "--ask", "hat").text.split())
    assert said in asked and "refers" not in asked
    attnviz("run", text, "--weights", weights, "-o", "x.json", "-o", "x.npz", "-o", "x.html")
    for name in ("x.json", "x.npz"):
        assert said in " ".join(attnviz("render", name).text.split())
    assert said in (tmp_path / "x.html").read_text(encoding="utf-8")


def test_rollout_of_a_document_is_that_of_the_model(attnviz, tmp_path):
    attnviz("run", "He took the hat", "-o", "raw.json")
    [rolled] = attnviz("render", "raw.json", "--weights", "rollout", "--json").documents
    [straight] = attnviz("run", "He took the hat", "--weights", "rollout", "--json").documents
    assert rolled["maps"] == straight["maps"]
    refused = attnviz("render", "raw.json", "--weights", "norm")
    assert refused.code == 1 and "norm needs the model that attended" in refused.err


def test_documents_of_paths_name_layers_too(attnviz):
    asked = ("He took the hat", "--weights", "rollout", "--ask", "took", "--json")
    [document] = attnviz("run", *asked).documents
    named = [*document["found"]["links"], *document["found"]["answers"][0]["heads"]]
    assert named and all(one["layer"] in range(6) and "head" not in one for one in named)


@pytest.mark.parametrize("weights", ["rollout", "flow"])
def test_paths_go_through_all_heads_so_layers_are_named(attnviz, weights):
    text = "He took the hat and examined it carefully"
    for how in ([], ["--heads", "all"], ["--heads", "3.0,5.0"], ["--ask", "it"], ["--who", "hat"]):
        said = attnviz("run", text, "--weights", weights, *how).text.partition("\n")[2]
        assert "head 5" not in said and "head 3" not in said and "5.0" not in said, said
        assert "layer" in said
    assert "it → " in (asked := attnviz("run", text, "--weights", weights, "--ask", "it").text)
    assert "mean of 6 layers" in asked and "Layers by the weight" in asked


@pytest.mark.parametrize(
    "where",
    [[], ["-o", "a.png"], ["-o", "a.html"], ["-o", "a.npz"], ["--top", "2"], ["--ask", "it"]],
    ids=" ".join,
)
def test_decimals_of_what_has_none_are_refused(attnviz, where, tmp_path):
    ended = attnviz("run", HAT, "--precision", "2", *where)
    assert ended.code == 2 and "--precision is of the numbers in --json, .json and" in ended.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("where", [["-o", "a.csv"], ["-o", "a.png", "-o", "a.json"]], ids=" ".join)
def test_decimals_are_for_any_file_that_has_them(attnviz, where):
    assert attnviz("run", HAT, "--head", "3.1", "--precision", "2", *where).code == 0


def test_a_table_has_each_head_and_refuses_to_hold_their_mean(attnviz, tmp_path):
    ended = attnviz("run", HAT, "--mean", "-o", "a.csv", "-o", "a.png")
    assert ended.code == 2
    assert "'a.csv' holds each head by itself and no mean of them; leave out --mean" in ended.err
    assert not list(tmp_path.iterdir())

"""``attnviz explain``: the walk on the embedded model, its knobs, and toys."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

HAT = "He took the hat and examined it carefully"
THIS = ("explain", HAT, "--word", "it", "--head", "3.1")


def steps(document: dict) -> dict[str, dict]:
    assert document["explains"] == "attention"
    return {step["name"]: step["values"] for step in document["steps"]}


def test_it_looks_at_the_hat_step_by_step(attnviz) -> None:
    ended = attnviz(*THIS)
    assert (ended.code, ended.err) == (0, "")
    text = " ".join(ended.text.split())
    assert text.startswith("How head 3.1 (noun antecedent) makes “it” look at “hat”: 0.801")
    assert "22.74 / √32 = 4.02" in text
    assert "e^4.02 = 55.7 of 69.6, which is 0.801" in text
    assert "“hat” adds 2.76 to the output, and “[CLS]” with 17% of the weight only 0.03" in text
    assert "12 × 32 = 384 numbers" in text


def test_by_itself_it_explains_the_same_row(attnviz) -> None:
    assert attnviz("explain", HAT).out == attnviz(*THIS).out


def test_printed_products_add_up_to_the_digit(attnviz) -> None:
    text = attnviz(*THIS).text.replace("−", "-")
    block = text.partition("Query · key")[2].partition("Scale")[0]
    terms = re.findall(r"q\d+ · k\d+ +(\S+) · (\S+) +(\S+)\n", block)
    assert len(terms) == 6
    for a, b, product in terms:
        assert f"{float(a) * float(b):.2f}" == product
    others = float(re.search(r"26 others +(\S+)", block)[1])
    total = sum(float(product) for *_, product in terms) + others
    assert f"{total:.2f}" == re.search(r"q · k +(\S+)", block)[1] == "22.74"


def test_the_document_has_every_vector_in_full(attnviz) -> None:
    (document,) = attnviz(*THIS, "--json", "--matrices").documents
    found = steps(document)
    hat = document["keys"].index("hat")
    x, q, k = (np.array(found[name][value]) for name, value in (
        ("layer input", "x"), ("projections", "q"), ("projections", "k")))  # fmt: skip
    matrices = next(s["matrices"] for s in document["steps"] if s["name"] == "projections")
    np.testing.assert_allclose(np.array(matrices["W_q"]) @ x + matrices["b_q"], q, atol=1e-5)
    np.testing.assert_allclose(k @ q, found["products"]["q·k"], atol=1e-9)
    scaled = np.array(found["products"]["q·k"]) * found["scaling"]["scale"]
    np.testing.assert_allclose(scaled, found["scaling"]["scaled"])
    exponentials = np.exp(scaled)
    weights = exponentials / found["softmax"]["sum"]
    np.testing.assert_allclose(weights, found["softmax"]["weights"])
    assert weights[hat] == pytest.approx(0.8006, abs=1e-4)
    context = weights @ np.array(found["projections"]["v"])
    np.testing.assert_allclose(context, found["context"]["context"])
    assert "matrices" not in str(attnviz(*THIS, "--json").documents[0])


@pytest.mark.parametrize(
    ("knob", "said"),
    [
        (("--scale", "none"), "“hat” gets 0.9999 instead of 0.801"),
        (("--scale", "d_model"), "“hat” gets 0.332 instead of 0.801"),
        (("--causal",), "“hat” gets 0.818 instead of 0.801"),
        (("--no-positions",), "The whole model runs without positions"),
    ],
    ids=lambda given: given[0] if isinstance(given, tuple) else "",
)
def test_a_knob_tells_what_it_changes(attnviz, knob: tuple[str, ...], said: str) -> None:
    assert said in " ".join(attnviz(*THIS, *knob).text.split())


def test_what_is_hidden_by_a_mask_is_null(attnviz) -> None:
    (document,) = attnviz(*THIS, "--causal", "--json").documents
    scores = steps(document)["mask"]["scores"]
    assert scores[8:] == [None, None]
    assert None not in scores[:8]


def test_a_toy_prints_what_tutorials_print(attnviz) -> None:
    vectors = ("--q", ".1 .2 .3", "--k", "[[.4 .5 .6] [.7 .8 .9]]", "--v", "[[1 1.1] [1.2 1.3]]")
    text = attnviz("explain", "--toy", *vectors, "--scale", "none").text
    assert re.search(r"0\.4551 +0\.5449", text)
    assert re.search(r"1\.1090 +1\.2090", text)
    text = attnviz("explain", "--toy", "This is book", "--init", "randn", "--scale", "d_model").text
    assert re.search(r"This +0\.2558 +0\.1493 +0\.5949", text)
    assert "belongs to the queries and keys, √3" in text
    text = attnviz("explain", "--toy", "--init", "randn").text
    assert re.search(r"This +0\.2237 +0\.1115 +0\.6648", text)


def test_a_toy_of_512_says_that_plain_randn_saturates(attnviz) -> None:
    many = ("explain", "--toy", "a b c d", "--heads", "8", "--d-model", "512")
    randn = " ".join(attnviz(*many, "--init", "randn").text.split())
    assert "8 × 64 = 512" in randn and "The largest weight is 1.000" in randn
    assert "saturated" not in attnviz(*many).text


def test_embeddings_of_ones_own(attnviz, tmp_path: Path) -> None:
    file = tmp_path / "x.txt"
    file.write_text("1, 0, 2\n0, 1, 1\n")
    (document,) = attnviz("explain", "--toy", "--x", file, "--json").documents
    assert document["x"] == [[1, 0, 2], [0, 1, 1]]
    text = " ".join(attnviz("explain", "--toy", "a b c", "--x", file).text.split())
    assert "from feature to feature and not from word to word" in text


def test_it_is_written_in_every_form(attnviz, tmp_path: Path) -> None:
    names = ("it.html", "it.png", "it.svg", "it.pdf", "it.json")
    files = [part for name in names for part in ("-o", name)]
    ended = attnviz(*THIS, *files)
    assert (ended.code, ended.err, ended.out) == (0, "", b"")
    begin = {name: (tmp_path / name).read_bytes()[:9] for name in names}
    assert begin["it.html"] == b"<!doctype" and begin["it.pdf"].startswith(b"%PDF")
    assert begin["it.png"].startswith(b"\x89PNG") and begin["it.json"].startswith(b"{")
    assert "How head 3.1 (noun antecedent) makes" in (tmp_path / "it.svg").read_text()


def test_a_title_of_ones_own(attnviz, tmp_path: Path) -> None:
    attnviz(*THIS, "-o", "it.html", "-o", "it.svg", "--title", "Lesson <1>")
    assert "<title>Lesson &lt;1&gt;</title>" in (tmp_path / "it.html").read_text()
    assert "Lesson &lt;1&gt;" in (tmp_path / "it.svg").read_text()


def test_a_toy_is_a_page_too(attnviz, tmp_path: Path) -> None:
    assert attnviz("explain", "--toy", "-o", "toy.html").code == 0
    assert "W<sub>q</sub>" in (tmp_path / "toy.html").read_text()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((HAT, HAT, "-m", "nowhere", "-o", "a.html"), "shows one walk and here are several texts"),
        ((HAT, HAT, "-m", "nowhere", "-o", "a.png"), "shows one walk and here are several texts"),
        ((HAT, "-m", "nowhere", "-o", "a.csv"), "no suffix that can be written"),
    ],
    ids=lambda given: given[-1] if isinstance(given, tuple) else None,
)
def test_a_file_that_cannot_hold_it_is_refused_before_any_model_is_read(
    attnviz, tmp_path: Path, given, said: str
) -> None:
    ended = attnviz("explain", *given)
    assert ended.code == 2 and said in ended.err
    assert not list(tmp_path.glob("a.*"))


def test_hostile_words_are_only_shown(attnviz) -> None:
    ended = attnviz("explain", "He took \x1b[31mthe hat", "--head", "0.0")
    assert ended.code == 0 and "\x1b" not in ended.text


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        ((), 1, "the text is empty"),
        ((HAT, "--head", "it"), 2, "write layer.head"),
        ((HAT, "--head", "9.0"), 1, "there is no layer 9"),
        ((HAT, "--word", "coat"), 1, "there is no word 'coat' here"),
        ((HAT, "--scale", "much"), 1, "'much' is no scale"),
        ((HAT, "--map", "cross"), 1, "cross"),
        ((HAT, "--tied"), 2, "--tied goes with --toy"),
        (("--toy", "--word", "it"), 2, "--word goes with a model"),
        (("--toy", "--q", "1"), 2, "give all three"),
        (("--toy", "--q", "1", "--k", "1 2", "--v", "1"), 1, "as many in both"),
        (("--toy", "--q", "one", "--k", "1", "--v", "1"), 1, "'one' where numbers belong"),
        (("--toy", "--heads", "3"), 1, "5 numbers do not make 3 heads"),
        (("--toy", "--d-model", "99999"), 1, "cannot be drawn"),
        (("--toy", "--x", "nowhere.txt"), 1, "nowhere.txt"),
    ],
    ids=lambda given: " ".join(given[-2:]) if isinstance(given, tuple) else None,
)
def test_every_failure_is_one_sentence(attnviz, given, code: int, said: str) -> None:
    ended = attnviz("explain", *given)
    assert (ended.code, ended.out) == (code, b"")
    assert said in ended.err and ended.err.count("\n") == 1 and "Traceback" not in ended.err


@pytest.mark.parametrize(
    "given", [("a hat",), ("positions", "-n", "4", "--d-model", "8"), ("--toy", "a hat")], ids=str
)
def test_a_page_with_colours_of_its_own_takes_none(attnviz, tmp_path: Path, given) -> None:
    for option in ["--palette", "magma"], ["--vmax", "0.5"], ["--vmin", "-0.5"]:
        ended = attnviz("explain", *given, "-o", "it.html", *option)
        assert ended.code == 2 and f"{option[0]} is not for this page" in ended.err
    assert not (tmp_path / "it.html").exists()

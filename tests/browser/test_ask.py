"""Ask: where a word looks and who looks at it, in the sentence itself."""

import numpy as np
import pytest

from attnviz.result import AttentionMap, AttentionResult
from tests.support.results import attention, encoder, tokens_of, translator


def answers(page):
    """The lists under the sentence: heading → {name: number}."""
    found = page.js("""return [...document.querySelectorAll('.answer')].map((section) => [
        section.querySelector('h3').textContent,
        [...section.querySelectorAll('li')].map((item) => [
            item.querySelector('.head-link, .name').textContent,
            Number(item.querySelector('.number').textContent)])])""")
    return {heading: dict(items) for heading, items in found}


def shades(page):
    """How dark each word is, 0 for none."""
    return page.js("""return Object.fromEntries(
        [...document.querySelectorAll('.word')].map((word) => {
            const found = /rgb\\((\\d+), (\\d+), (\\d+)\\)/.exec(word.style.backgroundColor);
            const light = found ? (Number(found[1]) + Number(found[2]) + Number(found[3])) : 765;
            return [word.textContent, 765 - light]}))""")


def plain(weights):
    """A result of one text with these weights (query, key) in its only head."""
    tokens, text = tokens_of("it saw the big hat there")
    return AttentionResult(tokens, {"encoder": AttentionMap(weights[None, None])}, texts=(text,))


def test_a_click_on_a_word_lists_where_it_looks_and_who_looks_at_it(show):
    weights = attention((1, 1, 6, 6))[0, 0]
    page = show(plain(weights), address="#view=ask").click(".word", "saw")
    words = ["it", "saw", "the", "big", "hat", "there"]
    lists = answers(page)
    for heading, row in (("“saw” looks at", weights[1]), ("looks at “saw”", weights[:, 1])):
        rounded = {word: float(f"{weight:.3f}") for word, weight in zip(words, row, strict=True)}
        assert lists[heading] == {word: weight for word, weight in rounded.items() if weight}
        assert list(lists[heading].values()) == sorted(lists[heading].values(), reverse=True)


def test_the_word_looked_at_most_is_the_darkest(show):
    weights = np.full((6, 6), 0.05, np.float32)
    weights[0, 4] = 0.75
    dark = shades(show(plain(weights), address="#view=ask&word=it"))
    assert max(dark, key=dark.get) == "hat"
    assert dark["hat"] > 4 * dark["the"] > 0


def test_who_looks_at_the_word_is_underlined(show):
    weights = np.zeros((6, 6), np.float32)
    weights[:, 5] = 1
    weights[0] = [0, 0, 0, 0, 1, 0]
    page = show(plain(weights), address="#view=ask&word=hat")
    underlined = page.js("""return [...document.querySelectorAll('.word')]
        .filter((word) => word.style.boxShadow !== 'none').map((word) => word.textContent)""")
    assert underlined == ["it"]


def test_pointing_shows_an_answer_before_any_click(show):
    page = show(plain(attention((1, 1, 6, 6))[0, 0]), address="#view=ask")
    page.hover(page.find(".word", "big"))
    assert "“big” looks at" in answers(page)
    page.hover(page.find("#title"))
    assert answers(page) == {}


def test_pointing_at_a_second_word_gives_both_weights_between_them(show):
    weights = attention((1, 1, 6, 6))[0, 0]
    page = show(plain(weights), address="#view=ask&word=it")
    page.hover(page.find(".word", "hat"))
    link, number, back = page.tip
    assert (link, number) == ("it → hat", f"{weights[0, 4]:.3f}")
    assert back == f"back: hat → it {weights[4, 0]:.3f}"


def test_a_second_click_on_the_word_lets_it_go(show):
    page = show(plain(attention((1, 1, 6, 6))[0, 0]), address="#view=ask&word=it")
    page.click(".word", "it")
    assert "at" not in page.address


def test_the_heads_that_say_most_are_listed_and_open(show):
    result = encoder("he took a hat and liked it", layers=2, heads=3)
    page = show(result, address="#view=ask&word=took")
    asked = result.ask("took")
    best, weight = asked.heads[0], float(asked.rows[0][asked.tops[0]])
    heads = answers(page)["Heads that say most about “took”"]
    assert next(iter(heads.items())) == (str(best), pytest.approx(weight, abs=0.0006))
    page.click(".head-link", f"Show head {best} alone")
    assert page.text("#caption") == f"Head {best}"


@pytest.mark.parametrize(("word", "list_of"), [("alte", "looks at"), ("old", "is looked at")])
def test_in_cross_attention_target_words_look_and_source_words_are_looked_at(show, word, list_of):
    result = translator()
    page = show(result, address=f"#view=ask&map=cross&heads=0.0&by=tokens&word={word}")
    weights = result.maps["cross"].weights[0, 0]
    found = answers(page)
    if list_of == "looks at":
        assert found[f"“{word}” looks at"]["boat"] == pytest.approx(weights[2, 2], abs=0.0006)
        assert f"looks at “{word}”" not in found
    else:
        assert found[f"looks at “{word}”"]["alte"] == pytest.approx(weights[2, 1], abs=0.0006)
        assert f"“{word}” looks at" not in found


@pytest.mark.parametrize(
    ("asked", "place"),
    [("it", 0), ("it:2", 3), ("IT", 0), ("hat", 2), ("hat.", 2), ("nothing", None), ("it:9", None)],
)
def test_the_word_to_open_with_is_found_as_people_write_it(show, asked, place):
    tokens, text = tokens_of("It saw hat. it")
    maps = {"encoder": AttentionMap(attention((1, 1, 4, 4)))}
    page = show(AttentionResult(tokens, maps, texts=(text,)), view="ask", word=asked)
    pressed = page.js("""return [...document.querySelectorAll('.word')]
        .findIndex((word) => word.getAttribute('aria-pressed') === 'true')""")
    assert pressed == (-1 if place is None else place)


def test_hidden_special_tokens_are_not_in_the_sentence_and_their_share_is_told(show):
    result = encoder("one two three", layers=1, heads=1)
    page = show(result, address="#view=ask&special=hide&word=two")
    share = result.maps["encoder"].weights[0, 0, 2, [0, -1]].sum()
    assert f"{share:.0%} of its weight goes to hidden special tokens" in page.text(".answers")
    assert "[CLS]" not in page.text(".sentences")

"""What the English-French model is held to: sentences of our own, and transformers' answers."""

from pathlib import Path

from attnviz.result import AttentionResult

FOLDER = Path(__file__).resolve().parents[2] / "attnviz" / "models" / "attnviz-en-fr-small"
REFERENCE = Path(__file__).resolve().parents[1] / "fixtures" / "attnviz-en-fr-small.npz"
TEXTS = {
    "sentence": "The black cat sleeps in the kitchen.",
    "two": "Where did you put my keys? I can't find them.",
}
TRANSLATIONS = {
    "I am hungry.": ("J'ai faim.",),
    "Where is the station?": ("Où est la gare ?", "Où se trouve la gare ?"),
    "She speaks French very well.": (
        "Elle parle très bien français.",
        "Elle parle très bien le français.",
    ),
    "My brother has a black cat.": ("Mon frère a un chat noir.",),
    "We don't have much time.": (
        "Nous n'avons pas beaucoup de temps.",
        "On n'a pas beaucoup de temps.",
    ),
    "The children are playing in the garden.": ("Les enfants jouent dans le jardin.",),
    "He bought a new car yesterday.": (
        "Il a acheté une nouvelle voiture hier.",
        "Hier, il a acheté une nouvelle voiture.",
    ),
    "It will rain tomorrow.": ("Il va pleuvoir demain.", "Il pleuvra demain."),
    "I don't know what to say.": ("Je ne sais pas quoi dire.", "Je ne sais que dire."),
    "Can you help me?": (
        "Pouvez-vous m'aider ?",
        "Peux-tu m'aider ?",
        "Est-ce que tu peux m'aider ?",
        "Est-ce que vous pouvez m'aider ?",
    ),
    "The door is open.": ("La porte est ouverte.",),
    "I forgot my umbrella on the train.": ("J'ai oublié mon parapluie dans le train.",),
}
"""English, and French that says the same."""
ALIGNED = (
    (
        "My brother has a black cat.",
        "Mon frère a un chat noir.",
        {"Mon": "My", "frère": "brother", "a": "has", "un": "a", "chat": "cat", "noir": "black"},
    ),
    (
        "Tomorrow we will buy a red car.",
        "Nous achèterons une voiture rouge demain.",
        {
            "Nous": "we",
            "achèterons": "buy",
            "une": "a",
            "voiture": "car",
            "rouge": "red",
            "demain": "Tomorrow",
        },
    ),
    (
        "The old woman never drinks cold water.",
        "La vieille femme ne boit jamais d'eau froide.",
        {
            "La": "The",
            "vieille": "old",
            "femme": "woman",
            "boit": "drinks",
            "jamais": "never",
            "froide": "cold",
        },
    ),
)
"""English, French, and French words with the English words that they translate."""


def share_found(written: str, accepted: tuple[str, ...]) -> float:
    """F1 of the words of a translation, against the accepted one that it is nearest to."""
    found = set(written.lower().split())
    return max(
        2 * len(found & expected) / (len(found) + len(expected))
        for expected in (set(text.lower().split()) for text in accepted)
    )


def linked(result: AttentionResult, links: tuple[tuple[int, int], ...]) -> dict[str, str]:
    """The words on both ends of links, target word first."""
    return {result.target_tokens[row].text: result.tokens[column].text for row, column in links}

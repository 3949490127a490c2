"""Pseudonyms: two words, a bird and an adjective, the only thing that twins see (S78)."""

from __future__ import annotations

import secrets
import unicodedata

_MASCULINE = (
    "Bouvreuil", "Bruant", "Chardonneret", "Cincle", "Colibri", "Coucou", "Courlis", "Étourneau",
    "Faucon", "Geai", "Goéland", "Gravelot", "Grèbe", "Grimpereau", "Guêpier", "Héron", "Ibis",
    "Jaseur", "Loriot", "Martinet", "Milan", "Moineau", "Pinson", "Pipit", "Pluvier", "Pouillot",
    "Roitelet", "Rossignol", "Rougequeue", "Serin", "Tarin", "Torcol", "Traquet", "Verdier",
)  # fmt: skip
_FEMININE = (
    "Aigrette", "Alouette", "Avocette", "Bergeronnette", "Buse", "Caille", "Chouette", "Cigogne",
    "Corneille", "Effraie", "Fauvette", "Foulque", "Grive", "Grue", "Huppe", "Hirondelle",
    "Linotte", "Mésange", "Mouette", "Oie", "Outarde", "Perdrix", "Pie", "Sarcelle", "Sittelle",
    "Spatule", "Sterne", "Tourterelle",
)  # fmt: skip
_ADJECTIVES = (
    ("argenté", "argentée"), ("bleu", "bleue"), ("blond", "blonde"), ("brun", "brune"),
    ("cendré", "cendrée"), ("charmant", "charmante"), ("discret", "discrète"),
    ("doré", "dorée"), ("élégant", "élégante"), ("étoilé", "étoilée"), ("fier", "fière"),
    ("gai", "gaie"), ("gracieux", "gracieuse"), ("huppé", "huppée"), ("jaune", "jaune"),
    ("joyeux", "joyeuse"), ("léger", "légère"), ("lointain", "lointaine"),
    ("malin", "maligne"), ("matinal", "matinale"), ("moucheté", "mouchetée"),
    ("noir", "noire"), ("pourpre", "pourpre"), ("rapide", "rapide"), ("rieur", "rieuse"),
    ("rose", "rose"), ("roux", "rousse"), ("rusé", "rusée"), ("sage", "sage"),
    ("sauvage", "sauvage"), ("serein", "sereine"), ("tacheté", "tachetée"),
    ("tranquille", "tranquille"), ("vert", "verte"), ("vif", "vive"), ("voyageur", "voyageuse"),
)  # fmt: skip


def pick(*names: str) -> str:
    """A pseudonym at random that shares no word with the names given."""
    own = {word for name in names for word in _plain(name).split()}
    while True:
        pseudonym = _any()
        if not own & set(_plain(pseudonym).split()):
            return pseudonym


def _any() -> str:
    bird = secrets.choice(_MASCULINE + _FEMININE)
    masculine, feminine = secrets.choice(_ADJECTIVES)
    return f"{bird} {masculine if bird in _MASCULINE else feminine}"


def _plain(text: str) -> str:
    """Without accents, case or hyphens."""
    spread = unicodedata.normalize("NFKD", text.casefold().replace("-", " "))
    return "".join(c for c in spread if not unicodedata.combining(c))

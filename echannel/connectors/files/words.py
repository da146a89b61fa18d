"""Words of a file as codes: statuses, countries, currencies, channels, kinds of customer, yes and no."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

import numpy as np
import pandas as pd
import yaml
from babel import Locale

from echannel.connectors.files.headers import normal
from echannel.tables import CHANNELS, STATUSES

_B2B = (
    *("b2b", "business", "company", "trade", "wholesale", "pro", "professional", "professionnel"),
    *("revendeur", "entreprise", "societe", "reseller", "grossiste", "organisation", "association"),
)
_B2C = ("b2c", "consumer", "individual", "retail", "private", "particulier", "guest", "visiteur", "client")
_YES = ("true", "yes", "y", "1", "oui", "o", "vrai", "x", "active", "actif", "enabled", "published", "on")
_NO = ("false", "no", "n", "0", "non", "faux", "inactive", "inactif", "disabled", "draft", "archived", "off")
_CREDIT = ("credit", "avoir", "refund", "remboursement", "return", "retour", "credit note")
_SENT = ("fulfilled", "shipped", "delivered", "dispatched", "complete", "completed", "expedie", "livre")
_SIGNS = {"€": "EUR", "£": "GBP", "$": "USD", "euro": "EUR", "euros": "EUR", "pound": "GBP", "pounds": "GBP"}
_SIGNS |= {"livre sterling": "GBP", "livres sterling": "GBP", "sterling": "GBP", "stg": "GBP", "us$": "USD"}
# Names in use that are no official territory names; parts of the United Kingdom as British shops write them.
_ALIASES = {
    "GB": "uk, u k, great britain, gb, england, scotland, wales, northern ireland, angleterre, ecosse, "
    "pays de galles, irlande du nord, grande bretagne, royaume uni, united kingdom gb, uk mainland",
    "IE": "eire, republic of ireland, irish republic, irlande, republique d irlande",
    "US": "usa, u s a, us, united states of america, etats unis d amerique, etats unis, america",
    "FR": "france metropolitaine, metropolitan france, france continentale, corse",
    "ZA": "rsa",
    "NL": "holland, hollande, the netherlands, pays bas",
    "CZ": "czech republic, republique tcheque",
    "AE": "uae, emirats arabes unis",
    "KR": "south korea, korea, coree du sud, republic of korea",
    "RU": "russian federation, russia, russie",
    "TR": "turkey, turquie",
    "HK": "hong kong",
    "MO": "macau, macao",
    "CH": "suisse, switzerland",
    "BE": "belgique, belgie, belgium",
    "DE": "deutschland, allemagne",
    "ES": "espana, espagne",
    "IT": "italia, italie",
    "GR": "el",
}


def coded(cells: pd.Series, codes: dict[str, str]) -> pd.Series:
    """Each cell's code, by its normalised text; None where the cell is empty or its text unknown."""
    positions, distinct = pd.factorize(cells)
    known = np.array([*(codes.get(normal(text)) for text in distinct), None], dtype=object)
    return pd.Series(known[positions], index=cells.index, dtype=object)


@lru_cache
def usual_statuses() -> dict[str, str]:
    """Canonical status by normalised word, English and French."""
    text = (files("echannel.connectors.files") / "statuses.yml").read_text(encoding="utf-8")
    listed = yaml.safe_load(text)
    return {normal(word): status for status in STATUSES for word in listed.get(status, ())}


def statuses(own: dict[str, str]) -> dict[str, str]:
    """The usual words, and what a layout or a profile says instead."""
    return usual_statuses() | {normal(word): status for word, status in own.items()}


def channels(own: dict[str, str]) -> dict[str, str]:
    """Canonical channel by word."""
    usual = {normal(channel): channel for channel in CHANNELS}
    usual |= {"web": "own_shop", "online": "own_shop", "website": "own_shop", "site": "own_shop"}
    usual |= {"boutique en ligne": "own_shop", "site web": "own_shop", "internet": "own_shop"}
    usual |= dict.fromkeys(
        ("amazon", "ebay", "etsy", "cdiscount", "fnac", "not on the high street"), "marketplace"
    )
    usual |= {"shop": "store", "boutique": "store", "magasin": "store", "pos": "store", "market": "store"}
    usual |= {"telephone": "phone", "tel": "phone", "marche": "store", "autre": "other"}
    return usual | {normal(word): channel for word, channel in own.items()}


@lru_cache
def countries() -> dict[str, str]:
    """ISO 3166 alpha-2 code by normalised name, code or alias, English and French."""
    found: dict[str, str] = {}
    for language in ("en", "fr"):
        for code, name in Locale.parse(language).territories.items():
            if len(code) == 2 and code.isalpha() and code not in ("EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"):
                found[normal(name)] = code
                found[normal(code)] = code
    for code, names in _ALIASES.items():
        found |= {name.strip(): code for name in names.split(",")}
    return found


@lru_cache
def currencies() -> dict[str, str]:
    """ISO 4217 code by normalised code, sign or name."""
    return {normal(str(code)): str(code) for code in Locale("en").currencies if len(str(code)) == 3}


def currency_codes(cells: pd.Series) -> pd.Series:
    """Currency codes; None where a cell is empty or not a currency."""
    codes, signs = coded(cells, currencies()), cells.str.strip().str.lower().map(_SIGNS)
    found = codes.where(codes.notna(), signs)
    return found.where(found.notna(), None)


@lru_cache
def _languages() -> dict[str, str]:
    """ISO 639-1 code by code and by name, as the languages around the Channel call it."""
    found: dict[str, str] = {}
    for reader in map(Locale, ("en", "fr", "de", "es", "it", "nl", "pt")):
        codes = {str(code): str(name) for code, name in reader.languages.items() if len(str(code)) == 2}
        found |= {normal(name): code for code, name in codes.items()} | {code: code for code in codes}
    return found


def languages(cells: pd.Series) -> pd.Series:
    """Language codes; None where a cell is empty or no language."""
    return coded(cells.str.slice(0, 40), _languages())


def kinds(cells: pd.Series) -> pd.Series:
    """``b2b`` or ``b2c`` where the word says so."""
    return coded(cells, {**dict.fromkeys(_B2B, "b2b"), **dict.fromkeys(_B2C, "b2c")})


def flags(cells: pd.Series) -> pd.Series:
    """True, False or None."""
    said = coded(cells, {**dict.fromkeys(_YES, "yes"), **dict.fromkeys(_NO, "no")})
    return said.map({"yes": True, "no": False}).astype(object).where(said.notna(), None)


def is_credit(cells: pd.Series) -> pd.Series:
    """Whether a kind of document is a credit note or a refund."""
    plain = cells.map({text: normal(text) for text in cells.unique()})
    pattern = "|".join(rf"\b{word}" for word in _CREDIT)
    return plain.str.contains(pattern, regex=True).astype(bool)


def is_sent(cells: pd.Series) -> pd.Series:
    """Whether a fulfilment word means that the goods have left."""
    return coded(cells, dict.fromkeys(_SENT, "yes")).notna()

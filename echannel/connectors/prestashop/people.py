"""Customers without who they are: keyed hashes of e-mails and firms, kinds, countries.

One customer is one e-mail: a guest who comes back gets a new account each time, and still is one. A firm
is not a customer: several customers may buy for it, and carry its ``company_id``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from echannel.connectors.prestashop.clock import Clock
from echannel.connectors.prestashop.parsing import Record, flags, ids, numbers, texts
from echannel.profiles import SmeProfile

NOBODY = "anonymous@psgdpr.com"
"""The account to which PrestaShop's GDPR module moves the orders of people who asked to be forgotten."""
Pseudonym = Callable[[pd.Series], pd.Series]


def countries_of(records: list[Record]) -> dict[int, str]:
    """ISO codes of countries by id."""
    codes = zip(ids(records), texts(records, "iso_code"), strict=True)
    return {int(one): code.upper() for one, code in codes if code and re.fullmatch("[A-Za-z]{2}", code)}


@dataclass(frozen=True)
class Places:
    """What addresses say, by id: country, region, and the firm (the text to be hashed; strong or weak)."""

    frame: pd.DataFrame

    @classmethod
    def of(cls, addresses: list[Record], countries: Mapping[int, str], regions: Mapping[int, str]) -> Places:
        """From address records; nothing but the country, the region and the firm is in them."""
        vat, company = texts(addresses, "vat_number"), texts(addresses, "company")
        frame = pd.DataFrame(
            {
                "customer": ids(addresses, "id_customer"),
                "country": _looked_up(ids(addresses, "id_country"), countries),
                "region": _looked_up(ids(addresses, "id_state"), regions),
                "firm": [_firm("", number, name) for number, name in zip(vat, company, strict=True)],
                "registered": np.array([bool(number) for number in vat] or [], dtype=bool),
            },
            index=ids(addresses),
        )
        return cls(frame[~frame.index.duplicated(keep="last")])

    def of_orders(self, address: np.ndarray) -> pd.DataFrame:
        """The rows of some address ids, empty where the address is not known."""
        found = self.frame.reindex(address)
        return found.assign(registered=found["registered"].eq(True).to_numpy())


def _looked_up(keys: np.ndarray, names: Mapping[int, str]) -> np.ndarray:
    return np.array([names.get(int(key)) for key in keys] or [], dtype=object)


def _firm(siret: str | None, vat: str | None, name: str | None) -> str | None:
    """What tells a firm from others, the surest first: a SIREN (of a SIRET or a French VAT number), a VAT
    number, a name."""
    digits = re.sub(r"\D", "", siret or "")
    if len(digits) in (9, 14):
        return f"siren:{digits[:9]}"
    number = re.sub(r"[^0-9A-Z]", "", (vat or "").upper())
    if re.fullmatch(r"FR..\d{9}", number):
        return f"siren:{number[4:]}"
    if number:
        return f"vat:{number}"
    plain = " ".join(re.sub(r"[\W_]+", " ", (name or "").casefold()).split())
    return f"name:{plain}" if plain else None


@dataclass(frozen=True)
class People:
    """Accounts by id: ``customer_id`` (None: nobody in particular), ``firm``, ``registered`` (a number of
    the firm's was given), ``guest``, ``days`` (to pay), ``created_at``."""

    frame: pd.DataFrame

    @classmethod
    def of(cls, customers: list[Record], clock: Clock, pseudonym: Pseudonym, source: str) -> People:
        """From customer records; the e-mails end here."""
        number, email = ids(customers), texts(customers, "email")
        known = [
            None if mail == NOBODY else (mail or f"prestashop:{source}:{one}")
            for one, mail in zip(number, email, strict=True)
        ]
        siret, company = texts(customers, "siret"), texts(customers, "company")
        frame = pd.DataFrame(
            {
                "customer_id": pseudonym(pd.Series(known, dtype=object)).to_numpy(object),
                "firm": [_firm(digits, "", name) for digits, name in zip(siret, company, strict=True)],
                "registered": np.array([bool(one) for one in siret] or [], dtype=bool),
                "guest": flags(customers, "is_guest"),
                "days": numbers(customers, "max_payment_days", 0.0),
                "created_at": clock.utc(customers, "date_add").dt.tz_localize(None).to_numpy(),
            },
            index=number,
        )
        return cls(frame[~frame.index.duplicated(keep="last")])

    def of_orders(self, account: np.ndarray) -> pd.DataFrame:
        """The rows of some account ids, empty where the account is not known."""
        found = self.frame.reindex(account)
        return found.assign(
            registered=found["registered"].eq(True).to_numpy(), days=found["days"].fillna(0.0).to_numpy()
        )


def kinds(firm: pd.Series, registered: np.ndarray, sme: SmeProfile) -> np.ndarray:
    """b2b where a firm's number was given, or a firm's name (not for a shop that only sells to people: many
    have parcels sent to work); else what the profile says of the rest."""
    named = firm.notna().to_numpy() & (sme.orientation != "b2c")
    return np.where(registered | named, "b2b", sme.default_kind)


def customers_frame(people: People, places: Places, sme: SmeProfile, pseudonym: Pseudonym) -> pd.DataFrame:
    """The canonical customers: of several accounts of one e-mail, the latest registered one, else the
    latest guest's. Country, region and firm are those of its latest address."""
    accounts = people.frame[people.frame["customer_id"].notna()].copy()
    latest = places.frame.sort_index().groupby("customer").last()
    latest = latest.reindex(accounts.index)
    firm = accounts["firm"].where(accounts["firm"].notna(), latest["firm"])
    registered = accounts["registered"].to_numpy(bool) | latest["registered"].eq(True).to_numpy()
    kind = kinds(firm, registered, sme)
    frame = pd.DataFrame(
        {
            "customer_id": accounts["customer_id"].to_numpy(object),
            "kind": kind,
            "country": latest["country"].to_numpy(object),
            "region": latest["region"].to_numpy(object),
            "created_at": accounts["created_at"].where(~accounts["guest"].astype(bool)).to_numpy(),
            "company_registered": pd.Series(registered, dtype="boolean")
            .where(kind == "b2b")
            .to_numpy(object),
            "company_id": pseudonym(firm.where(kind == "b2b").reset_index(drop=True)).to_numpy(object),
            "guest": accounts["guest"].to_numpy(bool),
            "account": accounts.index.to_numpy(),
            "_file": "customers",
            "_row": accounts.index.to_numpy(),
        }
    )
    frame = frame.sort_values(["guest", "account"], ascending=[False, True], kind="stable")
    frame = frame.drop_duplicates("customer_id", keep="last").drop(columns=["guest", "account"])
    return frame.assign(created_at=pd.to_datetime(frame["created_at"], utc=True)).reset_index(drop=True)

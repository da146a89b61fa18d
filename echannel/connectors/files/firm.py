"""What the canonical rows depend on beside the file: the SME's country, currency, clock, VAT, and its key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from echannel.countries import CountryPack, country_pack
from echannel.errors import UserError
from echannel.profiles import SmeProfile
from echannel.workspace import Workspace


@dataclass(frozen=True)
class Firm:
    """An SME as far as reading its files needs to know it."""

    country: str
    currency: str
    timezone: str
    default_kind: str
    vat_registered: bool
    source: str
    pseudonym: Callable[[pd.Series], pd.Series]
    workspace: Workspace | None = None

    @classmethod
    def of(
        cls,
        sme: SmeProfile,
        source: str,
        pseudonym: Callable[[pd.Series], pd.Series],
        workspace: Workspace | None = None,
    ) -> Firm:
        """The firm behind a profile."""
        vat = sme.vat.registered
        kind = sme.default_kind
        return cls(sme.country, sme.currency, sme.timezone, kind, vat, source, pseudonym, workspace)

    @property
    def pack(self) -> CountryPack:
        """The rules of the SME's country."""
        return country_pack(self.country, self.workspace)

    @property
    def decimal_hint(self) -> str:
        """The decimal mark that people use in the SME's country."""
        return "." if self.country in ("GB", "IE", "US") else ","

    def standard_vat(self, moments: np.ndarray) -> np.ndarray:
        """The standard VAT rate on each day; 0 for a firm that is not registered.

        Before the first rate that the country pack knows, that first rate is taken.
        """
        if not self.vat_registered:
            return np.zeros(len(moments))
        days = pd.Series(moments.astype("datetime64[D]"))
        pack = self.pack
        first = min(rate.since for rate in pack.vat_rates if rate.name == "standard")
        rates = {}
        for day in days.dropna().unique():
            date = pd.Timestamp(day).date()
            try:
                rates[day] = pack.vat_rate("standard", max(date, first))
            except UserError:  # a gap between two rates
                rates[day] = np.nan
        return days.map(rates).astype("float64").to_numpy()

"""What products and suppliers are called."""

from __future__ import annotations

from html import unescape

import pandas as pd


def names_by_id(ids: pd.Series, names: pd.Series) -> dict[str, str]:
    """Names by id, as people read them; the id itself where there is no name.

    Shops hand names over as they stand in their pages: ``Tea &amp; Co`` is Tea & Co.
    """
    return {
        i: unescape(str(name)) if isinstance(name, str) and name.strip() else i
        for i, name in zip(ids.astype(str), names.astype(object), strict=True)
    }

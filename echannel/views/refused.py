"""Rows that a sync refused: which, and why, in words."""

from __future__ import annotations

import json

import pandas as pd

from echannel.errors import UserError
from echannel.locale import Speaker
from echannel.views.context import View


def refused_rows(view: View) -> pd.DataFrame:
    """The refused rows as they stand since the last sync: ``source``, ``file``, ``row``, ``field``,
    ``value``, ``reason`` (a key), ``reason_values`` (JSON) and ``record``."""
    return view.sme.table("rejected")


def reason_in_words(say: Speaker, row: pd.Series) -> str:
    """Why a row was refused, as a sentence."""
    values = json.loads(row["reason_values"]) if row["reason_values"] else {}
    return say.error(UserError(str(row["reason"]), **values))


def file_of(name: str) -> str:
    """A file's name without its folders."""
    return name.rsplit("/", 1)[-1]

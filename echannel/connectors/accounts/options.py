"""What the profile says about the books: their folder, their files, and classes that no file tells."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from echannel.connectors.accounts.classes import CLASSES
from echannel.connectors.accounts.layouts import LAYOUTS
from echannel.errors import UserError


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BookFile(_Strict):
    """Some files of the folder and how to read them; ``auto``: find out.

    ``as_of``: the day of a trial balance that does not carry it.
    """

    match: str = Field(min_length=1)
    layout: str = "auto"
    encoding: str = "auto"
    separator: str = "auto"
    decimal: Literal["auto", ".", ","] = "auto"
    date_order: Literal["auto", "dmy", "mdy", "ymd"] = "auto"
    sheet: str | int = "auto"
    as_of: date | None = None

    @field_validator("layout")
    @classmethod
    def _known(cls, value: str) -> str:
        if value != "auto" and value not in LAYOUTS:
            raise ValueError("layout")
        return value


class BookOptions(_Strict):
    """The options of an ``accounts`` source.

    ``classes`` gives the class of accounts by number, first digits of the number, or name, where the
    files do not; ``default_chart``: the accounts are numbered as the country's usual software sets them up
    (in the United Kingdom: Sage 50).
    """

    folder: str
    files: tuple[BookFile, ...] = Field(default=(BookFile(match="*"),), min_length=1)
    classes: dict[str, str] = {}
    default_chart: bool = False

    @field_validator("classes", mode="before")
    @classmethod
    def _texts(cls, value: Any) -> Any:
        return {str(account): said for account, said in value.items()} if isinstance(value, dict) else value

    @field_validator("classes")
    @classmethod
    def _known(cls, value: dict[str, str]) -> dict[str, str]:
        for said in value.values():
            if said not in CLASSES and not (said.isdigit() and len(said) == 1):
                raise ValueError("classes")
        return value


def read_options(options: dict[str, Any]) -> BookOptions:
    """The options of a profile, checked; a mistake is named by its key and value.

    Raises
    ------
    UserError
        An option that does not exist or cannot have that value.
    """
    try:
        return BookOptions.model_validate(options)
    except ValidationError as invalid:
        mistake = invalid.errors()[0]
        place = ".".join(str(part) for part in mistake["loc"])
        given = mistake["input"]
        shown = str(given) if isinstance(given, str | int | float) else "…"
        raise UserError("error.files.option", field=place or "folder", value=shown) from None

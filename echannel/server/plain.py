"""What all our pages that come straight from the server have in common."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, cast

from babel import negotiate_locale
from jupyter_server.base.handlers import JupyterHandler
from markupsafe import Markup
from tornado.web import HTTPError

from echannel.batch.pages import BRAND, Frame, Link, Words, message_page
from echannel.locale import LANGUAGES, Speaker
from echannel.server.assets import assets_url
from echannel.server.identity import Person
from echannel.server.urls import dashboard_url


def reader_language(accepted: str) -> str:
    """The first of our languages that an ``Accept-Language`` header asks for; the first of ours if none."""
    wanted = []
    for part in accepted.split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            wanted.append((-float(weight or 1), tag.replace("-", "_")))
        except ValueError:
            continue
    tags = [tag for _, tag in sorted(wanted, key=lambda pair: pair[0]) if tag]
    return negotiate_locale(tags, LANGUAGES) or LANGUAGES[0]


class Plain(JupyterHandler):
    """What goes wrong is said on a page in plain words; the detail is in the server's log."""

    @property
    def person(self) -> Person:
        """Who is asking, where the page asks for a login or there is none."""
        return cast(Person, self.current_user)

    def check_xsrf_cookie(self) -> None:
        """Refuses what another site's page sent, besides asking for the token of our own form."""
        if self.request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            raise HTTPError(403)
        super().check_xsrf_cookie()

    def write_error(self, status_code: int, **more: Any) -> None:
        """The page for any error."""
        keys = {403: "login.error.refused", 404: "serve.error.no_page"}
        self.finish(self.failure(keys.get(status_code, "serve.error.page_failed")))

    def failure(self, key: str) -> str:
        """A page that says what is wrong, in the reader's language, and leads home."""
        return _failure(key, self.language())

    def language(self) -> str:
        """The language that the address names, else the likely one."""
        asked = self.get_argument("lang", "")
        return asked if asked in LANGUAGES else self.likely_language()

    def likely_language(self) -> str:
        """The language that the person chose, else the one that their browser asks for."""
        chosen = getattr(getattr(self, "current_user", None), "language", "")
        return chosen or reader_language(self.request.headers.get("Accept-Language", ""))


@lru_cache
def _failure(key: str, language: str) -> str:
    say = Speaker(language)
    home = Link(BRAND, dashboard_url("home", lang=language))
    title = f"{say('serve.home.title')} · {BRAND}"
    frame = Frame(language, title, assets_url(), Words.of(say), home, figures=False)
    back = Markup('<a href="{}">{}</a>').format(home.url, say("serve.error.home"))
    return message_page(frame, say("serve.error.title"), say(key), [back])

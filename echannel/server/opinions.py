"""What readers said of the figures, for the people who advise them: their own firms', newest first."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlencode

import tornado.web

from echannel.batch.index import tool_title
from echannel.batch.pages import BRAND, Frame, Link, Words
from echannel.locale import LANGUAGES, Speaker
from echannel.opinions import figure_name
from echannel.register import Register
from echannel.register.audit_trail import note_opened
from echannel.register.dealt import STATES, Opinion, State, count_open, deal_with, opinions_of, spoken_of
from echannel.server.assets import assets_url
from echannel.server.frames import firm_name
from echannel.server.identity import Person
from echannel.server.plain import Plain
from echannel.server.serving import Serving
from echannel.server.templates import templates
from echannel.server.urls import dashboard_url
from echannel.views.cards import anchor
from echannel.workspace import Workspace, find_workspace

ROUTE = "/opinions"
ROLES = ("manager", "coordinator")
_A_PAGE = 50
# Nothing but our own style sheets: what readers wrote stands here, and no script at all runs beside it.
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)


def opinions_link(
    person: Person, register: Register | None, workspace: Workspace, say: Speaker
) -> Link | None:
    """Where an advisor reads what their firms' readers said; None for everybody else."""
    if register is None or person.role not in ROLES:
        return None
    left = count_open(register, person.smes(workspace))
    return Link(say("feedback.list.link", n=left), f"{ROUTE}?{urlencode({'lang': say.language})}")


class OpinionsHandler(Plain):
    """The list, and the mark "dealt with" on each of them."""

    @property
    def content_security_policy(self) -> str:
        """Stricter than a dashboard's."""
        return _POLICY

    @property
    def register(self) -> Register:
        """The one that this server has; without a login there is no advisor to read it."""
        return cast(Register, cast(Serving, self.settings["serving"]).register)

    def smes(self) -> tuple[str, ...]:
        """The firms whose readers' words the person may see; whoever advises nobody finds no page."""
        if self.person.role not in ROLES:
            raise tornado.web.HTTPError(404)
        return self.person.smes(find_workspace())

    @tornado.web.authenticated
    def get(self) -> None:
        """The list, as far as it was asked for."""
        smes, asked = self.smes(), self._asked()
        if asked["sme"] and asked["sme"] not in smes:
            raise tornado.web.HTTPError(404)
        wanted = (asked["sme"],) if asked["sme"] else smes
        state, before = cast(State, asked["state"]), _number(self.get_argument("before", ""))
        found = opinions_of(self.register, wanted, asked["about"], state, before, _A_PAGE + 1)
        shown = found[:_A_PAGE]
        for sme in sorted({one.sme for one in shown}):
            note_opened(self.register, self.person.username, self.person.role, sme, "page", "opinions")
        older = {**asked, "before": str(shown[-1].id)} if len(found) > _A_PAGE else {}
        self._show(asked, shown, spoken_of(self.register, smes), older)

    @tornado.web.authenticated
    def post(self) -> None:
        """Marks one as dealt with or as open again, and shows the list as it was."""
        number = _number(self.get_body_argument("opinion", ""))
        done = self.get_body_argument("do", "") != "open"
        if not deal_with(self.register, self.smes(), number, self.person.name or "", done):
            raise tornado.web.HTTPError(404)
        self.redirect(f"{ROUTE}?{urlencode(self._asked())}", status=303)

    def _asked(self) -> dict[str, str]:
        """What the list is to show, by the names that stand in its address."""
        state = self.get_argument("state", STATES[0])
        return {
            "lang": self.language(),
            "sme": self.get_argument("sme", ""),
            "about": self.get_argument("about", ""),
            "state": state if state in STATES else STATES[0],
        }

    def _show(
        self,
        asked: dict[str, str],
        shown: list[Opinion],
        spoken: list[tuple[str, str, str]],
        older: dict[str, str],
    ) -> None:
        say = Speaker(asked["lang"])
        title = say("feedback.list.title")
        frame = Frame(
            say.language,
            f"{title} · {BRAND}",
            assets_url(),
            Words.of(say),
            Link(BRAND, dashboard_url("home", lang=say.language)),
            (),
            tuple(
                Link(say(f"language.{one}"), _address({**asked, "lang": one}), one == say.language, one)
                for one in LANGUAGES
            ),
            figures=False,
        )
        xsrf = self.xsrf_token.decode()
        account = {"name": self.person.name, "sign_out": say("login.sign_out"), "xsrf": xsrf}
        self.set_header("Cache-Control", "no-store")
        self.finish(
            templates()
            .get_template("opinions.html.j2")
            .render(
                frame=frame,
                around={"frame": frame, "account": account},
                say=say,
                title=title,
                asked=asked,
                action=_address(asked),
                xsrf=xsrf,
                opinions=[_told(one, say) for one in shown],
                firms=[
                    (sme, firm_name(find_workspace(), sme)) for sme in sorted({sme for sme, _, _ in spoken})
                ],
                tools=_figures(spoken, say),
                states=[(state, say(f"feedback.list.state.{state}")) for state in STATES],
                older=_address(older) if older else "",
            )
        )


def _told(one: Opinion, say: Speaker) -> dict[str, Any]:
    """One opinion in words; all of it is text, whatever its reader wrote."""
    dealt = ""
    if one.dealt_at is not None:
        dealt = say("feedback.list.dealt_by", who=one.by, day=say.day(one.dealt_at))
    return {
        "id": one.id,
        "firm": firm_name(find_workspace(), one.sme),
        "figure": figure_name(one.tool, one.card, say),
        "url": f"{dashboard_url(one.tool, sme=one.sme, lang=say.language)}#{anchor(one.card)}",
        "kind": one.kind,
        "kind_words": say(f"feedback.button.{one.kind}"),
        "text": one.text,
        "language": one.language,
        "when": f"{say.day(one.at)} · {say(f'language.{one.language}')}",
        "dealt": dealt,
    }


def _figures(
    spoken: list[tuple[str, str, str]], say: Speaker
) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Per tool: its id, its name, and the figures that something was said of."""
    return [
        (
            tool,
            tool_title(say, tool),
            [
                (card, figure_name(tool, card, say))
                for card in sorted({card for _, other, card in spoken if other == tool})
            ],
        )
        for tool in sorted({tool for _, tool, _ in spoken})
    ]


def _address(asked: dict[str, str]) -> str:
    return f"{ROUTE}?{urlencode({name: value for name, value in asked.items() if value})}"


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0

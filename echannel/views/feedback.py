"""Below every card of a dashboard: was it of use, what is missing, what is not clear."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, cast

from echannel.locale import Speaker
from echannel.register import open_register
from echannel.register.feedback import KINDS, LONGEST, Kind, add_feedback
from echannel.workspace import find_workspace

if TYPE_CHECKING:
    from echannel.views.context import View


def noted(view: View, tool: str, card: str, kind: str, text: str) -> str:
    """Stores what the reader of ``view`` thinks of a card; what to say to them."""
    register = open_register(view.sme.workspace or find_workspace())
    add_feedback(register, view.sme.profile.id, tool, card, view.say.language, cast(Kind, kind), text)
    return view.say(f"feedback.thanks.{kind}")


def feedback_row(say: Speaker) -> str:
    """The buttons, and the field that opens below them; ``reader.js`` gives them life."""
    buttons = "".join(
        f'<button type="button" data-kind="{kind}" aria-pressed="false">'
        f"{escape(say(f'feedback.button.{kind}'))}</button>"
        for kind in KINDS
    )
    ask = escape(say("feedback.text.label"))
    return (
        f'<div class="ec-feedback" role="group" aria-label="{escape(say("feedback.label"))}">'
        f"<span>{escape(say('feedback.question'))}</span>{buttons}"
        f'<form hidden><label>{ask} <textarea rows="2" maxlength="{LONGEST}"></textarea></label>'
        f'<p class="ec-note">{escape(say("feedback.text.note"))}</p>'
        f'<button type="submit">{escape(say("feedback.text.send"))}</button></form>'
        '<p class="ec-said" role="status"></p></div>'
    )

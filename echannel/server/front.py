"""Pages without a notebook behind a login: the firms a person may open, a cohort in figures, the queue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from echannel.errors import UserError
from echannel.locale import Speaker
from echannel.profiles import SmeProfile, load_cohort, load_sme
from echannel.register import Register
from echannel.server.home import show_home
from echannel.server.identity import Person
from echannel.server.opinions import opinions_link
from echannel.server.templates import templates
from echannel.server.waiting import AGAIN_SECONDS
from echannel.store import SmeStore
from echannel.workspace import Workspace

# A figure on fewer firms than this would say something of one of them to those who know the others.
FEWEST = 5


def front_page(
    person: Person,
    workspace: Workspace,
    language: str,
    around: dict[str, Any],
    register: Register | None = None,
) -> str:
    """The page after signing in: a partner's cohort in figures, or everybody else's own firms."""
    if person.role == "partner":
        return _cohort_page(person.scope, workspace, Speaker(language), around)
    content = show_home(lang=language, workspace=workspace, smes=person.smes(workspace)).data
    opinions = opinions_link(person, register, workspace, Speaker(language))
    return _page("front.html.j2", around, content=content, opinions=opinions)


def waiting_page(place: int, around: dict[str, Any]) -> str:
    """The page that asks for patience, says the place in the queue, and asks again by itself."""
    say = Speaker(around["frame"].language)
    return _page("waiting.html.j2", around, say=say, place=place, again=AGAIN_SECONDS)


def cohort_figures(workspace: Workspace, cohort: str) -> dict[str, dict[str, int]]:
    """How many firms of a cohort there are, by country, by whom they sell to, and by whether data came.

    A split in which any part has fewer than ``FEWEST`` firms is left out, all of it: from the whole and the
    other parts the small one could be told.
    """
    profiles = list(_profiles(workspace, load_cohort(workspace, cohort).smes))
    synced = [SmeStore(workspace.store / one.id).current() is not None for one in profiles]
    splits: dict[str, Counter[str]] = {
        "country": Counter(one.country for one in profiles),
        "orientation": Counter(one.orientation for one in profiles),
        "data": Counter("yes" if one else "no" for one in synced),
    }
    whole = {"firms": {"all": len(profiles)}} if len(profiles) >= FEWEST else {}
    return whole | {name: dict(split) for name, split in splits.items() if _is_large(split)}


def _is_large(split: Counter[str]) -> bool:
    return bool(split) and min(split.values()) >= FEWEST


def _profiles(workspace: Workspace, smes: Iterable[str]) -> Iterable[SmeProfile]:
    for sme in smes:
        try:
            yield load_sme(workspace, sme)
        except UserError:
            continue


def _cohort_page(cohort: str, workspace: Workspace, say: Speaker, around: dict[str, Any]) -> str:
    try:
        name = load_cohort(workspace, cohort).name.get(say.language, cohort)  # type: ignore[call-overload]
        figures = cohort_figures(workspace, cohort)
    except UserError:
        name, figures = cohort, {}
    labels = {
        "firms": lambda _: say("login.cohort.all"),
        "country": say.country_name,
        "orientation": lambda part: say(f"orientation.{part}"),
        "data": lambda part: say(f"common.{part}"),
    }
    splits = [
        (
            say(f"login.cohort.{split}"),
            say(f"login.cohort.part.{split}"),
            [(labels[split](part), say.number(n)) for part, n in sorted(parts.items())],
        )
        for split, parts in figures.items()
    ]
    return _page("cohort.html.j2", around, say=say, name=name, splits=splits, fewest=FEWEST)


def _page(template: str, around: dict[str, Any], **more: Any) -> str:
    return templates().get_template(template).render(around=around, frame=around["frame"], **more)

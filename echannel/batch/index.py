"""Index pages: one per cohort, and one per SME that shows its own reports and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from echannel.batch.pages import ASSETS, BRAND, POLICY, Frame, Link, Words, environment
from echannel.batch.plan import Report
from echannel.batch.records import Outcome, recorded, write_whole
from echannel.errors import UserError
from echannel.locale import LANGUAGES, Speaker
from echannel.profiles import CohortProfile, SmeProfile, load_sme
from echannel.storage import Place
from echannel.workspace import Workspace


@dataclass(frozen=True)
class Entry:
    """One report in an index: where it is, and, unless all is well, how it stands."""

    label: str
    url: str | None
    status: str = ""
    status_label: str = ""
    reason: str | None = None
    others: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Card:
    """One SME, or one tool, in an index."""

    title: str
    facts: str = ""
    url: str | None = None
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Section:
    """Cards under a heading: a group of the cohort."""

    name: str
    cards: tuple[Card, ...]


def tool_title(say: Speaker, tool: str) -> str:
    """A tool's name for readers; one that the catalogues do not know goes by its file's name."""
    return _said(say, f"tool.{tool}.title") or tool


def tool_question(say: Speaker, tool: str) -> str:
    """What a tool answers, in a sentence; empty for one that the catalogues do not know."""
    return _said(say, f"tool.{tool}.question") or ""


def _said(say: Speaker, key: str) -> str | None:
    try:
        return say(key)
    except KeyError:
        return None


def language_links(language: str, url: str, languages: Sequence[str] = LANGUAGES) -> tuple[Link, ...]:
    """The language switch: ``url`` holds ``{language}``; each language goes by its own name."""
    say = Speaker(language)
    return tuple(
        Link(say(f"language.{other}"), url.format(language=other), other == language, other)
        for other in languages
    )


def profile_or_none(workspace: Workspace, sme: str) -> SmeProfile | None:
    """An SME's profile; ``None`` when it cannot be read, which its reports will say."""
    try:
        return load_sme(workspace, sme)
    except UserError:
        return None


Profiles = Mapping[str, SmeProfile | None]
"""The profiles of a cohort's SMEs, by id; ``None`` for one that cannot be read."""


def write_indexes(cohort: CohortProfile, profiles: Profiles, folder: Place, reports: list[Report]) -> None:
    """Write the index of the cohort and of each of its SMEs, in every language, from what is there.

    ``reports`` are all that the cohort should have; those that are not made yet are shown as such.
    """
    known = recorded(folder, reports)
    outcomes = {report: known.get(report) for report in reports}
    for language in LANGUAGES:
        page = _cohort_page(cohort, profiles, outcomes, Speaker(language))
        write_whole(folder / f"index.{language}.html", page)
    _write_chooser(folder, f"{ASSETS}/")
    for sme in cohort.smes:
        own = {report: outcome for report, outcome in outcomes.items() if report.sme == sme}
        profile = profiles.get(sme)
        for language in LANGUAGES:
            page = _sme_page(sme, profile, own, Speaker(language))
            write_whole(folder / sme / f"index.{language}.html", page)
        _write_chooser(folder / sme, f"../{ASSETS}/")


def _cohort_page(
    cohort: CohortProfile, profiles: Profiles, outcomes: dict[Report, Outcome | None], say: Speaker
) -> str:
    name = cohort.name.get(say.language) or cohort.id  # type: ignore[call-overload]
    sections = tuple(
        Section(
            group.name.get(say.language, group.id),  # type: ignore[call-overload]
            tuple(_sme_card(sme, profiles.get(sme), outcomes, say) for sme in group.smes),
        )
        for group in cohort.groups
    )
    failed = sum(outcome.status == "failed" for outcome in outcomes.values() if outcome)
    made = sum(outcome.status != "failed" for outcome in outcomes.values() if outcome)
    facts = [say("batch.index.smes", n=len(cohort.smes)), say("batch.index.reports", n=made)]
    if failed:
        facts.append(say("batch.index.failed", n=failed))
    return _page(say, name, " · ".join(facts), sections, f"{ASSETS}/")


def _sme_card(
    sme: str, profile: SmeProfile | None, outcomes: dict[Report, Outcome | None], say: Speaker
) -> Card:
    own = {report: outcome for report, outcome in outcomes.items() if report.sme == sme}
    return Card(
        profile.name if profile else sme,
        profile_facts(profile, say) if profile else "",
        f"{sme}/index.{say.language}.html",
        _entries(own, say, f"{sme}/"),
    )


def _sme_page(sme: str, profile: SmeProfile | None, own: dict[Report, Outcome | None], say: Speaker) -> str:
    cards = tuple(
        Card(
            tool_title(say, tool),
            tool_question(say, tool),
            entries=_entries({r: o for r, o in own.items() if r.tool == tool}, say, "", opens=True),
        )
        for tool in dict.fromkeys(report.tool for report in own)
    )
    name = profile.name if profile else sme
    return _page(
        say, name, profile_facts(profile, say) if profile else "", (Section("", cards),), f"../{ASSETS}/"
    )


def profile_facts(profile: SmeProfile, say: Speaker) -> str:
    """Where an SME is and whom it sells to."""
    return f"{say.country_name(profile.country)} · {say(f'batch.orientation.{profile.orientation}')}"


def _entries(
    own: dict[Report, Outcome | None], say: Speaker, prefix: str, opens: bool = False
) -> tuple[Entry, ...]:
    """One entry per tool, leading to the page in the reader's language, with the others beside it."""
    entries = []
    for tool in dict.fromkeys(report.tool for report in own):
        pages = {r.language: (r, o) for r, o in own.items() if r.tool == tool}
        report, outcome = pages.get(say.language) or next(iter(pages.values()))
        others = tuple(
            Link(say(f"language.{other.language}"), prefix + Path(other.path).name, language=other.language)
            for other, made in pages.values()
            if made and other is not report
        )
        status = "not-made" if outcome is None else "failed" if outcome.status == "failed" else ""
        entries.append(
            Entry(
                say("batch.index.open") if opens else tool_title(say, tool),
                prefix + Path(report.path).name if outcome else None,
                status,
                {"failed": say("batch.status.failed"), "not-made": say("batch.status.not_made")}.get(
                    status, ""
                ),
                outcome.reason if outcome and status == "failed" else None,
                others,
            )
        )
    return tuple(entries)


def _page(say: Speaker, title: str, facts: str, sections: tuple[Section, ...], assets: str) -> str:
    frame = Frame(
        say.language,
        f"{title} · {BRAND}",
        assets,
        Words.of(say),
        languages=language_links(say.language, "index.{language}.html"),
        figures=False,
    )
    return (
        environment()
        .get_template("index.html.j2")
        .render(
            frame=frame,
            policy=POLICY,
            title=title,
            facts=facts,
            groups=sections,
            footer=say("batch.index.footer"),
        )
    )


def _write_chooser(folder: Place, assets: str) -> None:
    links = tuple(
        Link(Speaker(language)(f"language.{language}"), f"index.{language}.html", language=language)
        for language in LANGUAGES
    )
    page = environment().get_template("choose.html.j2").render(languages=links, assets=assets)
    write_whole(folder / "index.html", page)

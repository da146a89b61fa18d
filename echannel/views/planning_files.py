"""Files to take away from the planning page: the plan in live formulas, and on paper in either language."""

from __future__ import annotations

from echannel.locale import LANGUAGES
from echannel.views import planning_assumption_cards
from echannel.views.cards import Download
from echannel.views.context import View
from echannel.views.export import XLSX_TYPE, file_name
from echannel.views.planning_paper import plan_on_paper
from echannel.views.planning_plan import plan_rules_of, planned
from echannel.views.tables import shown
from echannel.views.workbook import plan_workbook


def files(view: View) -> tuple[Download, ...]:
    """The workbook and the paper; a dashboard offers the paper in both languages, a report in its own."""
    if planned(view) is None:
        return ()
    languages = [view.say.language]
    if view.mode != "report":
        languages += [language for language in LANGUAGES if language not in languages]
    return (_workbook(view), *(_paper(view, language) for language in languages))


def _workbook(view: View) -> Download:
    say, made = view.say, planned(view)
    assert made is not None
    title = f"{say('planning.paper.title')} – {view.sme.profile.name}"
    assumed = [[say("planning.paper.nothing_assumed")]]
    card = planning_assumption_cards.assumptions(view)
    if card.table is not None:
        columns = card.table.columns
        texts = [
            [shown(value, column, say) for value in card.table.frame[column.field]] for column in columns
        ]
        assumed = [card.table.headers(say), *map(list, zip(*texts, strict=True))]
    content = plan_workbook(made, plan_rules_of(view), assumed, title, say)
    return Download(
        say("planning.download.workbook"),
        f"{file_name(say('planning.paper.title'))}.xlsx",
        XLSX_TYPE,
        content,
    )


def _paper(view: View, language: str) -> Download:
    theirs = view.in_language(language)
    content = view.printed(f"plan {language}", lambda: plan_on_paper(theirs))
    words = view.say("planning.download.paper", language=view.say(f"planning.paper.language.{language}"))
    return Download(words, f"{file_name(theirs.say('planning.paper.title'))}.pdf", "application/pdf", content)

"""Pages: a report from an executed notebook, or a page that says why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader

from echannel.locale import Speaker
from echannel.storage import Place, write_whole

if TYPE_CHECKING:  # whoever makes no report from a notebook does without them
    from nbconvert.exporters import HTMLExporter
    from nbformat import NotebookNode

BRAND = "E-Channel"
ASSETS = "assets"
TEMPLATES = Path(__file__).parent / "template"

# A page may draw with the scripts that lie beside it; nothing written inside it runs, nothing is
# fetched from elsewhere. "file:" is what 'self' means for a page opened from a folder.
POLICY = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file: 'unsafe-inline'; "
    "img-src 'self' file: data: blob:; font-src 'self' file: data:; base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True)
class Link:
    """A link of the bar or of an index: ``language`` where it leads to another language."""

    label: str
    url: str
    current: bool = False
    language: str | None = None


@dataclass(frozen=True)
class Words:
    """What the bar says to readers who hear the page."""

    skip: str
    tools: str
    languages: str

    @classmethod
    def of(cls, say: Speaker) -> Words:
        """The words in the page's language."""
        return cls(say("batch.page.skip"), say("batch.page.tools"), say("batch.page.languages"))


@dataclass(frozen=True)
class Frame:
    """What stands around a page: its language, title, and where its bar leads."""

    language: str
    title: str
    assets: str
    words: Words
    home: Link | None = None
    tools: tuple[Link, ...] = ()
    languages: tuple[Link, ...] = ()
    files: tuple[Link, ...] = ()
    figures: bool = True
    brand: str = BRAND


def report_page(notebook: NotebookNode, frame: Frame) -> str:
    """The page of an executed notebook: its outputs in our frame, without code."""
    from nbconvert.exporters import HTMLExporter

    # HTMLExporter parses the whole page again for the sake of its own classes: ours has none of them.
    render = super(HTMLExporter, _exporter()).from_notebook_node
    page, _ = render(notebook, resources={"frame": frame, "policy": POLICY})
    return page


def failure_page(frame: Frame, reason: str, cell: int | None) -> str:
    """The page that stands where a report could not be made: why, which cell, what next."""
    say = Speaker(frame.language)
    notes = [say("batch.failure.cell", n=cell)] if cell else []
    return message_page(frame, say("batch.failure.title"), reason, [*notes, say("batch.failure.next")])


def message_page(frame: Frame, heading: str, message: str, notes: Sequence[str] = ()) -> str:
    """A page with nothing but a message in the frame."""
    template = environment().get_template("message.html.j2")
    return template.render(frame=frame, policy=POLICY, heading=heading, message=message, notes=notes)


@lru_cache
def environment() -> Environment:
    """Our own templates; everything that is put into them is escaped."""
    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True)


@lru_cache
def _exporter() -> HTMLExporter:
    from nbconvert.exporters import HTMLExporter

    return HTMLExporter(
        extra_template_basedirs=[str(TEMPLATES)],
        extra_template_paths=[str(TEMPLATES)],
        template_name="report",
        # Checked once, not after each of a dozen steps that do nothing here.
        optimistic_validation=True,
    )


def copy_assets(folder: Place) -> None:
    """Lay the scripts and style sheets that all pages of a cohort share into ``<folder>/assets/``."""
    for name, source in asset_files().items():
        write_whole(folder / ASSETS / name, source.read_bytes())


@lru_cache
def asset_files() -> dict[str, Path]:
    """The files that pages need, by name: plotly itself, our scripts, and the two style sheets."""
    plotly = Path(str(find_spec("plotly").origin)).parent / "package_data"  # type: ignore[union-attr]
    views = Path(__file__).parents[1] / "views"
    return {
        "plotly.min.js": plotly / "plotly.min.js",
        "figures.js": views / "figures.js",
        "print.js": views / "print.js",
        "theme.css": views / "theme.css",
        "frame.css": TEMPLATES / "frame.css",
        "choose.js": TEMPLATES / "choose.js",
    }

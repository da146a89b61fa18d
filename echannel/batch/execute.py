"""One report: run the notebook, render the page, or say in plain words why not."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.engines import papermill_engines
from papermill.exceptions import PapermillExecutionError
from papermill.execute import prepare_notebook_metadata, raise_for_execution_errors, remove_error_markers
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook
from papermill.utils import chdir

from echannel import storage
from echannel.batch.job import STANDARD, Job
from echannel.batch.pages import failure_page, report_page
from echannel.batch.plan import check_parameters
from echannel.batch.records import Outcome, record, write_whole
from echannel.errors import UserError
from echannel.kernels import use_warm_kernels
from echannel.locale import LANGUAGES, Speaker
from echannel.sme import hold
from echannel.views.report_workbook import WORKBOOK
from echannel.workspace import REPORTS_URL, STORE_URL

CELL_SECONDS = 600
START_SECONDS = 120
# An error that a page put into its reader's words already (echannel.views.page.PageError).
PAGE_ERROR = "PageError"


@dataclass(frozen=True)
class Failure:
    """Why a report could not be made: in words for people, and in detail for the log."""

    reason: str
    detail: str
    cell: int | None = None


def make_report(job: Job) -> tuple[Outcome, str]:
    """Run one report to its page; returns what became of it and the technical detail for the log.

    The page is put in place whole, then its record. A failed report gets a page that says which
    cell failed and why, without a traceback.
    """
    started = time.perf_counter()
    _surround(job)
    done, workbook = _with_workbook(job)
    seconds = round(time.perf_counter() - started, 2)
    if isinstance(done, Failure):
        page = failure_page(job.frame, done.reason, done.cell)
        outcome = Outcome(job.report, "failed", seconds, done.cell, done.reason)
        detail = done.detail
    else:
        page = report_page(done, job.frame)
        outcome = Outcome(job.report, "ok", seconds, made_from=job.made_from)
        detail = ""
    if workbook:
        storage.write_whole(job.folder / job.report.file("xlsx"), workbook)
    write_whole(job.folder / job.report.path, page)
    record(job.folder, outcome)
    return outcome, detail


def _with_workbook(job: Job) -> tuple[NotebookNode | Failure, bytes]:
    """The executed notebook, and the workbook of the tables behind it where one is asked for."""
    if "xlsx" not in job.also:
        return _run(job), b""
    with TemporaryDirectory(prefix="echannel-tables-") as folder:
        path = Path(folder) / "tables.xlsx"
        os.environ[WORKBOOK] = str(path)
        done = _run(job)
        return done, path.read_bytes() if path.is_file() and not isinstance(done, Failure) else b""


def prepare_home(job: Job) -> None:
    """Read and count, once for all reports of an SME that are forked from this process."""
    _surround(job)
    sme = hold(job.report.sme, job.workspace)
    _ = sme.sales
    with suppress(Exception):  # a report that needs the stock says itself what is wrong with it
        _ = sme.inventory


def _surround(job: Job) -> None:
    # Notebooks find the workspace by it, wherever they lie.
    os.environ["ECHANNEL_ROOT"] = str(job.root)
    os.environ[STORE_URL] = job.store_url or ""
    os.environ[REPORTS_URL] = ""
    # A run started from a terminal of JupyterLab or of a dashboard is still a run of reports.
    for name in ("JPY_SESSION_NAME", "SERVER_SOFTWARE", "QUERY_STRING", WORKBOOK):
        os.environ.pop(name, None)
    if job.engine == STANDARD:
        use_warm_kernels()


def _run(job: Job) -> NotebookNode | Failure:
    say = Speaker(job.report.language)
    parameters = {"sme": job.report.sme, "lang": job.report.language, **job.parameters}
    try:
        check_parameters(job.notebook, parameters)
        return _executed(job, parameters)
    except PapermillExecutionError as error:
        return _from_cell(error, _parameters_cell(job.notebook), say)
    except UserError as error:
        return Failure(say.error(error), str(error))
    except CellTimeoutError as error:
        return Failure(say("batch.reason.too_long", n=CELL_SECONDS // 60), str(error))
    except DeadKernelError as error:
        return Failure(say("batch.reason.kernel_died"), str(error))
    except Exception as error:
        return Failure(say("batch.reason.unexpected", kind=type(error).__name__), repr(error))


def _executed(job: Job, parameters: Mapping[str, Any]) -> NotebookNode:
    """What ``papermill.execute_notebook`` does, but nothing is written: the page is what is kept.

    Papermill puts the executed notebook, megabytes of pages, into JSON even where it then lays it nowhere.
    """
    path, folder = str(job.notebook), str(job.notebook.parent)
    notebook = parameterize_notebook(load_notebook_node(path), parameters, engine_name=job.engine)
    notebook = remove_error_markers(prepare_notebook_metadata(notebook, path, None))
    with chdir(folder):
        executed = papermill_engines.execute_notebook_with_engine(
            job.engine,
            notebook,
            kernel_name=papermill_engines.nb_kernel_name(engine_name=job.engine, nb=notebook),
            input_path=path,
            output_path=None,
            progress_bar=False,
            start_timeout=START_SECONDS,
            execution_timeout=CELL_SECONDS,
        )
    raise_for_execution_errors(executed, None)
    return executed


def _from_cell(error: PapermillExecutionError, parameters_cell: int, say: Speaker) -> Failure:
    # papermill puts the values into a cell of its own after the parameters: readers do not count it.
    place = error.cell_index + (1 if error.cell_index <= parameters_cell else 0)
    if error.ename == PAGE_ERROR and error.traceback:
        reason = error.traceback[0]
    elif error.ename == UserError.__name__ and len(error.traceback) == len(LANGUAGES):
        reason = error.traceback[LANGUAGES.index(say.language)]
    elif error.ename == MemoryError.__name__:
        reason = say("batch.reason.kernel_died")
    else:
        reason = say("batch.reason.unexpected", kind=error.ename)
    return Failure(reason, f"cell {place}:\n{error.source}\n{error}", place)


def _parameters_cell(notebook: Path) -> int:
    cells = nbformat.read(notebook, as_version=4).cells
    return next(n for n, cell in enumerate(cells) if "parameters" in cell.metadata.get("tags", []))

"""Reports for a whole cohort: every tool × SME × language, as pages that open offline.

``run_cohort`` makes ``reports/<cohort>/<sme>/<tool>.<language>.html``, an index per SME and
one for the cohort, from the notebooks of ``notebooks/``. Nothing here knows a metric.
"""

from echannel.batch.plan import Report, find_notebook, plan_reports, tool_names
from echannel.batch.records import Outcome
from echannel.batch.run import RunSummary, run_cohort
from echannel.batch.summary import summary_table

__all__ = [
    "Outcome",
    "Report",
    "RunSummary",
    "find_notebook",
    "plan_reports",
    "run_cohort",
    "summary_table",
    "tool_names",
]

"""Files of any shop or accounts: CSV, TSV, TXT, XLSX, ODS, Parquet."""

from __future__ import annotations

from echannel.connectors.files.connector import FilesConnector
from echannel.connectors.files.fields import FIELDS, in_words
from echannel.connectors.files.options import PRESETS
from echannel.connectors.files.proposal import FieldMatch, FileProposal, Hints, Proposal, propose
from echannel.connectors.files.questions import Question

__all__ = [
    "FIELDS",
    "PRESETS",
    "FieldMatch",
    "FileProposal",
    "FilesConnector",
    "Hints",
    "Proposal",
    "Question",
    "in_words",
    "propose",
]

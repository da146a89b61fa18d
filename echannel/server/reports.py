"""Reports that the batch made, handed out one by one to whoever may see the firm."""

from __future__ import annotations

from typing import cast

import tornado.web

from echannel.register.audit_trail import note_opened
from echannel.server.plain import Plain
from echannel.server.serving import Serving
from echannel.workspace import find_workspace

# A firm's report, or the list of its reports; the assets beside them are everybody's.
ROUTE = r"/echannel/report/([a-z0-9][a-z0-9-]*)/([a-z0-9][a-z0-9-]*)/(\w+)\.(\w\w)\.html"
ASSETS = r"/echannel/report/[a-z0-9][a-z0-9-]*/assets/([\w.-]+)"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


class ReportHandler(Plain):
    """One report's page."""

    @property
    def content_security_policy(self) -> str:
        """A report draws with the scripts beside it and talks to nobody."""
        return _POLICY

    @tornado.web.authenticated
    def get(self, cohort: str, sme: str, name: str, language: str) -> None:
        """The page; somebody else's firm, and a report that there is not, are answered alike."""
        workspace, serving = find_workspace(), cast(Serving, self.settings["serving"])
        path = workspace.reports / cohort / sme / f"{name}.{language}.html"
        if sme not in self.person.smes(workspace) or not path.is_file():
            raise tornado.web.HTTPError(404)
        if serving.register is not None:
            person = self.person
            note_opened(serving.register, person.username, person.role, sme, "report", name)
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        self.set_header("Cache-Control", "private, no-cache")
        self.finish(path.read_bytes())

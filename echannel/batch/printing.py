"""Reports as PDF: finished pages, printed by one headless Chromium, tagged, A4, with page numbers.

It is spoken to in the DevTools protocol over a pipe (``--remote-debugging-pipe``): no port is opened, no
library is needed. https://chromedevtools.github.io/devtools-protocol/tot/Page/#method-printToPDF
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from echannel.chromium import arguments, installed
from echannel.errors import UserError

PAGE_SECONDS = 120
_INCH = 25.4  # mm
_WIDTH, _HEIGHT = 210 / _INCH, 297 / _INCH  # A4
_MARGIN, _HEAD, _FOOT = 12 / _INCH, 18 / _INCH, 16 / _INCH
# Charts are drawn when they come near; on paper they all are.
_DRAWN = """
new Promise(function (done) {
  const since = Date.now();
  (function look() {
    const figures = document.querySelectorAll(".ec-figure[data-figure]");
    if (window.echannelFigures && window.Plotly) window.echannelFigures.drawAll();
    const missing = Array.from(figures).filter((one) => !one.querySelector(".main-svg"));
    if (missing.length && Date.now() - since < 20000) { setTimeout(look, 50); return; }
    document.fonts.ready.then(() => setTimeout(() => done(missing.length), 50));
  })();
})
"""


@dataclass(frozen=True)
class Sheet:
    """What stands above and below the text of every page; ``page`` has ``{page}`` and ``{pages}`` in it."""

    left: str
    right: str
    page: str


class PrintFailed(Exception):
    """The browser ended, did not answer, or could not print."""


@contextmanager
def printer() -> Iterator[Printer]:
    """A browser that prints; it is gone with all that it wrote when the block ends.

    Raises ``UserError`` where there is no Chromium, or where it cannot be spoken to.
    """
    path = installed()
    if path is None:
        raise UserError("batch.error.no_chromium")
    if os.name != "posix":
        raise UserError("batch.error.pdf_not_here")
    with tempfile.TemporaryDirectory(prefix="echannel-print-", ignore_cleanup_errors=True) as folder:
        browser = Printer(path, folder)
        try:
            yield browser
        finally:
            browser.end()


class Printer:
    """One browser with one page, for many reports."""

    def __init__(self, path: str, folder: str) -> None:
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        self._left = b""
        self._events: set[str] = set()
        self._number = 0
        high = [fcntl.fcntl(one, fcntl.F_DUPFD, 20) for one in (theirs_in, theirs_out)]

        def hand_over() -> None:  # Chromium reads from 3 and writes to 4
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        options = ("--headless=new", "--remote-debugging-pipe", f"--user-data-dir={folder}")
        self._process = subprocess.Popen(  # noqa: S603 - a browser that is installed here
            [path, *options, *arguments(), "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(3, 4),
            preexec_fn=hand_over,
        )
        for one in (theirs_in, theirs_out, *high):
            os.close(one)
        self._session: str | None = None

    def pdf(self, page: Path, sheet: Sheet) -> bytes:
        """The page as a PDF file."""
        if self._session is None:
            self._session = self._open()
        self._events.clear()
        self._ask("Page.navigate", url=page.resolve().as_uri())
        self._wait_for("Page.loadEventFired")
        drawn = self._ask("Runtime.evaluate", expression=_DRAWN, awaitPromise=True, returnByValue=True)
        if drawn.get("result", {}).get("value") != 0:
            raise PrintFailed("charts were not drawn")
        printed = self._ask(
            "Page.printToPDF",
            paperWidth=_WIDTH,
            paperHeight=_HEIGHT,
            marginTop=_HEAD,
            marginBottom=_FOOT,
            marginLeft=_MARGIN,
            marginRight=_MARGIN,
            printBackground=True,
            displayHeaderFooter=True,
            headerTemplate=_line(escape(sheet.left), escape(sheet.right)),
            footerTemplate=_line("", _numbers(sheet.page)),
            generateTaggedPDF=True,
            generateDocumentOutline=True,
        )
        return base64.b64decode(printed["data"])

    def end(self) -> None:
        """Close it; kill it where it does not listen."""
        with suppress(OSError, PrintFailed):
            self._send("Browser.close", {}, None)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        for one in (self._in, self._out):
            os.close(one)

    def _open(self) -> str:
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._ask("Page.enable")
        # As wide as the paper, so that charts are drawn for it.
        screen = {"width": 760, "height": 1100, "deviceScaleFactor": 1, "mobile": False}
        self._ask("Emulation.setDeviceMetricsOverride", **screen)
        return self._session

    def _ask(self, method: str, **options: Any) -> dict[str, Any]:
        number = self._send(method, options, self._session)
        answer = self._until(lambda message: message.get("id") == number)
        if "error" in answer:
            raise PrintFailed(f"{method}: {answer['error'].get('message')}")
        result = answer["result"]
        if isinstance(result, dict) and result.get("errorText"):
            raise PrintFailed(result["errorText"])
        return result

    def _wait_for(self, event: str) -> None:
        if event not in self._events:
            self._until(lambda message: message.get("method") == event)
        self._events.clear()

    def _send(self, method: str, options: dict[str, Any], session: str | None) -> int:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": options}
        if session:
            message["sessionId"] = session
        waiting = json.dumps(message).encode() + b"\0"
        while waiting:
            waiting = waiting[os.write(self._out, waiting) :]
        return self._number

    def _until(self, wanted: Any) -> dict[str, Any]:
        """The first message that is wanted; events that come before it are remembered by name."""
        deadline = time.monotonic() + PAGE_SECONDS
        while True:
            message = self._message(deadline)
            if wanted(message):
                return message
            if "method" in message:
                self._events.add(message["method"])

    def _message(self, deadline: float) -> dict[str, Any]:
        parts = [self._left]
        while b"\0" not in parts[-1]:
            if not select.select([self._in], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise PrintFailed("no answer")
            part = os.read(self._in, 1 << 20)
            if not part:
                raise PrintFailed("the browser ended")
            parts.append(part)
        whole, _, self._left = b"".join(parts).partition(b"\0")
        return json.loads(whole)


def _line(left: str, right: str) -> str:
    style = (
        "width:100%;margin:0 12mm;display:flex;justify-content:space-between;gap:8mm;"
        "font:7.5pt Arial,Helvetica,sans-serif;color:#52606D"
    )
    return f'<div style="{style}"><span>{left}</span><span>{right}</span></div>'


def _numbers(words: str) -> str:
    page, pages = '<span class="pageNumber"></span>', '<span class="totalPages"></span>'
    return escape(words).replace("{page}", page).replace("{pages}", pages)

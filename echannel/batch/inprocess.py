"""A notebook's kernel in this very process: no start-up, no sockets, the same messages.

IPython's own kernel runs the cells; what it would send over the wire is handed to papermill's client
in memory, through JSON as on the wire, so that outputs, display ids, widgets and errors come out as
they do from a kernel of its own. A process can serve one notebook only: the shell takes its
``__main__``. That is what a fork is for (``echannel.batch.forks``).
"""

from __future__ import annotations

import asyncio
import io
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any

from ipykernel.ipkernel import IPythonKernel
from ipykernel.zmqshell import ZMQInteractiveShell
from nbclient.exceptions import CellTimeoutError
from nbformat import NotebookNode, from_dict
from papermill.clientwrap import PapermillNotebookClient
from papermill.log import logger
from traitlets.config import Config

from echannel.batch.wire import Channel, FromClient, InMemorySession, Message


class _Stream(io.TextIOBase):
    """``sys.stdout`` or ``sys.stderr`` of a notebook: text waits until something else is sent."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, name: str, kernel: _Kernel) -> None:
        self.name = name
        self._kernel = kernel
        self._text: list[str] = []

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._text.append(text)
        return len(text)

    def flush(self) -> None:
        if self._text:
            text, self._text = "".join(self._text), []
            content = {"name": self.name, "text": text}
            self._kernel.publish("stream", content)


class _Kernel(IPythonKernel):
    """IPython's kernel, asked directly."""

    # No subshells; the attribute only tells which thread may be interrupted.
    _supports_kernel_subshells = False
    # ipykernel rests after each cell for what its sockets may not have sent yet: here is none.
    _execute_sleep = 0.0

    def publish(self, kind: str, content: dict[str, Any]) -> None:
        """Tell whoever listens, as part of the answer to the request at hand."""
        assert self.session is not None
        self.session.send(self.iopub_socket, kind, content, parent=self.get_parent())

    def _abort_queues(self, subshell_id: str | None = None) -> None:
        """Nothing waits behind a cell that failed: the client stops by itself."""

    async def handle(self, request: Message, replies: Channel) -> None:
        """Answer one request of the client, between a busy and an idle as on the wire."""
        self.set_parent([], request)
        self._publish_status("busy", "shell")
        with _redirected(self):
            handler = self.shell_handlers[request["msg_type"]]
            answer = handler(replies, [], request)
            if asyncio.iscoroutine(answer):
                await answer
            sys.stdout.flush()
            sys.stderr.flush()
        self._publish_status("idle", "shell")


@contextmanager
def _redirected(kernel: _Kernel) -> Iterator[None]:
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Stream("stdout", kernel), _Stream("stderr", kernel)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


class _OutOfTime(BaseException):
    """Raised in a cell that has taken too long; no ``except Exception`` of a notebook holds it up."""


class KernelHere:
    """What papermill's client asks of a kernel client, answered by the kernel in this process."""

    allow_stdin = False

    def __init__(self, seconds: float | None) -> None:
        self._kernel = _fresh_kernel()
        self.session: Any = self._kernel.session
        self.iopub_channel = self._kernel.iopub_socket
        self.shell_channel = FromClient()
        self._kernel.shell_channel_thread = SimpleNamespace(parent_thread=threading.current_thread())
        self._seconds = seconds
        self.out_of_time = False

    async def execute(self, code: str, store_history: bool = True, stop_on_error: bool = True) -> str:
        """Run a cell to its end; what it sent waits in the channels."""
        content = {
            "code": code,
            "silent": False,
            "store_history": store_history,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": stop_on_error,
        }
        request = self.session.msg("execute_request", content)
        await self._deliver()
        with self._within_time():
            await self._kernel.handle(request, self.shell_channel)
        return request["header"]["msg_id"]

    def kernel_info(self) -> str:
        """Which language, and which version of it."""
        request = self.session.msg("kernel_info_request")
        self.session.send(self.shell_channel, "kernel_info_reply", self._kernel.kernel_info, parent=request)
        return request["header"]["msg_id"]

    def is_alive(self) -> bool:
        """As long as anybody can ask."""
        return True

    async def _deliver(self) -> None:
        """Hand the kernel what the client's widgets sent back after the last cell."""
        for message in self.shell_channel.from_client.drained():
            kept, self._kernel.iopub_socket = self._kernel.iopub_socket, Channel()
            try:
                await self._kernel.handle(message, Channel())
            finally:
                self._kernel.iopub_socket = kept

    @contextmanager
    def _within_time(self) -> Iterator[None]:
        if not self._seconds or threading.current_thread() is not threading.main_thread():
            yield
            return

        def ring(number: int, frame: FrameType | None) -> None:
            self.out_of_time = True
            raise _OutOfTime

        before = signal.signal(signal.SIGALRM, ring)
        # Rings again every second: a cell may catch one.
        signal.setitimer(signal.ITIMER_REAL, self._seconds, 1.0)
        try:
            yield
        except _OutOfTime:
            pass
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)


_spare: list[_Kernel] = []


def prepare_kernels(number: int) -> None:
    """Make the kernels of the next notebooks ahead: a process that forks does it for all its children."""
    main = sys.modules["__main__"]
    _spare[:] = [_new_kernel() for _ in range(number)]
    sys.modules["__main__"] = main  # whatever this process was started for may still lie there


def _fresh_kernel() -> _Kernel:
    """A kernel that nothing was run in; a notebook that follows another gets one of its own."""
    if not _spare:
        return _new_kernel()
    kernel = _spare.pop()
    shell: Any = kernel.shell
    _put_in_force(kernel, shell)
    # It was made elsewhere, before anybody knew where the notebook would run.
    shell.starting_dir = str(Path.cwd())
    shell.history_manager.dir_hist[:] = [Path.cwd()]
    return kernel


def _put_in_force(*made: Any) -> None:
    """Whoever asks IPython for the kernel and the shell of this process gets these."""
    for one in made:
        for ancestor in type(one)._walk_mro():
            ancestor._instance = one
    sys.modules["__main__"] = made[-1].user_module


def _new_kernel() -> _Kernel:
    for single in (_Kernel, ZMQInteractiveShell):
        single.clear_instance()
    # The history would open a file and start a thread to write it.
    config = Config({"HistoryManager": {"enabled": False}})
    return _Kernel.instance(session=InMemorySession(), iopub_socket=Channel(), log=logger, config=config)


class InProcessClient(PapermillNotebookClient):
    """Papermill's client, with the kernel in this process."""

    def __init__(self, manager: Any, **options: Any) -> None:
        super().__init__(manager, km=_NoManager(), **options)
        self.kc = KernelHere(self.timeout)

    async def async_execute_cell(
        self,
        cell: NotebookNode,
        cell_index: int,
        execution_count: int | None = None,
        store_history: bool = True,
    ) -> NotebookNode:
        """As nbclient's, but a cell that took too long is known only once it was stopped."""
        try:
            return await super().async_execute_cell(cell, cell_index, execution_count, store_history)
        finally:
            if self.kc.out_of_time:
                raise CellTimeoutError.error_from_timeout_and_cell(
                    "Cell execution timed out", self.timeout, cell
                )

    def papermill_execute_cells(self) -> None:
        """All cells, on one event loop, as in a kernel of its own."""
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            super().papermill_execute_cells()

    def execute_cell(self, cell: NotebookNode, index: int) -> NotebookNode:
        """One cell, to its end."""
        return self._loop.run_until_complete(self.async_execute_cell(cell, index))

    def output(
        self, outs: list[NotebookNode], msg: Message, display_id: str | None, cell_index: int
    ) -> NotebookNode | None:
        """As nbclient's; what a page shows, as it comes, is not checked one by one against the format.

        Whoever writes or renders the notebook checks all of it.
        """
        plain = msg["msg_type"] == "display_data" and display_id is None
        if not plain or self.clear_before_next_output or any(self.output_hook_stack.values()):
            return super().output(outs, msg, display_id, cell_index)
        content = msg["content"]
        out = NotebookNode(
            output_type="display_data",
            metadata=from_dict(content["metadata"]),
            data=from_dict(content["data"]),
        )
        outs.append(out)
        return out

    def wait_for_reply(self, msg_id: str, cell: NotebookNode | None = None) -> Message:
        """The reply that waits."""
        return self.kc.shell_channel.get_msg()


class _NoManager:
    """There is no kernel process to start, watch or end."""

    has_kernel = True

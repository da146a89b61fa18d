"""How the server talks to a page's kernel."""

from __future__ import annotations

import contextlib
import time
from queue import Empty

from jupyter_client.asynchronous.client import AsyncKernelClient


class PageClient(AsyncKernelClient):
    """Jupyter's own client, which begins as soon as the kernel answers.

    Jupyter's then waits a fifth of a second more, for what others may have had the kernel say. Who executes
    a page's cells knows its answers by what they answer, and leaves the rest aside.
    """

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Until the kernel has answered on both lines.

        Raises ``RuntimeError`` when it ended, or after ``timeout`` seconds.
        """
        over = time.monotonic() + (float("inf") if timeout is None else timeout)
        while time.monotonic() < over:
            self.kernel_info()
            with contextlib.suppress(Empty):
                reply = await self.get_shell_msg(timeout=1)
                if reply["msg_type"] == "kernel_info_reply":
                    # Nothing here: this line was not there yet when the kernel spoke, which is asked again.
                    await self.get_iopub_msg(timeout=0.1)
                    self._handle_kernel_info_reply(reply)
                    return
            if not await self.is_alive():
                raise RuntimeError("the kernel ended before it answered")
        raise RuntimeError(f"the kernel did not answer in {timeout} seconds")

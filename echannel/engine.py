"""A papermill engine that runs the notebook in the process it is called in (``--engine echannel``).

What comes out is what papermill's own engine gives, without the start of a kernel and the way over
its sockets. A process serves one notebook: who has more forks a process for each
(``echannel.batch.forks``), which is how a cohort is run.
"""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode
from papermill.engines import Engine
from papermill.log import logger
from papermill.utils import merge_kwargs, remove_args


class InProcessEngine(Engine):
    """Registered with papermill under ``echannel``."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        log_output: bool = False,
        stdout_file: Any = None,
        stderr_file: Any = None,
        start_timeout: int = 60,
        execution_timeout: int | None = None,
        **kwargs: Any,
    ) -> NotebookNode:
        """Run the notebook; options as papermill's own engine takes them (there is no start to wait for)."""
        # Papermill finds engines through entry points while it is being imported itself.
        from echannel.batch.inprocess import InProcessClient

        options = remove_args(["input_path", "timeout", "startup_timeout"], **kwargs)
        return InProcessClient(
            nb_man,
            **merge_kwargs(
                options,
                timeout=execution_timeout or kwargs.get("timeout"),
                kernel_name=kernel_name,
                log=logger,
                log_output=log_output,
                stdout_file=stdout_file,
                stderr_file=stderr_file,
            ),
        ).execute()

"""An S3-compatible server of its own process, on loopback, for tests of object storage."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from waiting import free_port, wait_for

KEYS = {"AWS_ACCESS_KEY_ID": "AKIATESTONLY", "AWS_SECRET_ACCESS_KEY": "not-to-be-seen-anywhere"}


@contextmanager
def s3_server(bucket: str) -> Iterator[str]:
    """``s3://<bucket>``, with the environment that leads to it; in a process, as clients hold ours."""
    port = free_port()
    settings = {
        **KEYS,
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    before = {name: os.environ.get(name) for name in settings}
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.environ.update(settings)
    try:
        wait_for(f"http://127.0.0.1:{port}/moto-api/", server)
        _make(bucket)
        yield f"s3://{bucket}"
    finally:
        server.kill()
        server.wait()
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _make(bucket: str) -> None:
    import fsspec

    # Those of an earlier server in this process would still go to its address.
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    fsspec.filesystem("s3", use_listings_cache=False, skip_instance_cache=True).mkdir(bucket)

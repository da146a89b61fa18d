"""Shuts a process into the few folders that it needs, for good: Landlock, which Linux enforces itself.

What is not named can be neither read nor written, whatever runs in the process; nor can it open a
connection to anywhere, start a program, or signal a process outside. https://docs.kernel.org/userspace-api/landlock.html
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_PATH_BENEATH = 1
_NO_NEW_PRIVILEGES = 38

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE, _DEVICE_CONTROL = 1 << 14, 1 << 15
_OF_FILES = 1 | _WRITE_FILE | _READ_FILE | _TRUNCATE | _DEVICE_CONTROL
# How many kinds of access to files each version knows: 13, then one more for moving, cutting, devices.
_KINDS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_CONNECT_TCP = 1 << 1
_ABSTRACT_SOCKETS, _SIGNALS = 1 << 0, 1 << 1
# Rights that a program which stores tables and temporary files uses: files and folders made, moved, removed.
_WRITING = _WRITE_FILE | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 12 | 1 << 13 | _TRUNCATE


def landlock_version() -> int:
    """The version of Landlock that this system enforces; 0: none."""
    if sys.platform != "linux":
        return 0
    version = _libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_ASK_VERSION))
    return max(0, int(version))


def confine(
    read: Iterable[Path], write: Iterable[Path], run: Iterable[Path] = (), connects: bool = False
) -> None:
    """From here on this thread, and what it starts, reads ``read`` and ``write`` and changes ``write`` only.

    A path that is a folder means all that is in it; one that does not exist is left out. Programs in ``run``
    may be read and started; ``connects``: it may open connections.

    Raises
    ------
    OSError
        Where the system does not enforce it: the caller must not go on.
    """
    version = landlock_version()
    if not version:
        raise OSError("Landlock is not there")
    known = (1 << _KINDS.get(version, 16)) - 1
    ruleset = _make_ruleset(version, known, connects)
    try:
        for path in read:
            _allow(ruleset, path, (_READ_FILE | _READ_DIR) & known)
        for path in run:
            _allow(ruleset, path, (_EXECUTE | _READ_FILE | _READ_DIR) & known)
        for path in write:
            _allow(ruleset, path, (_READ_FILE | _READ_DIR | _WRITING) & known)
        _checked(_libc().prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
        _checked(_libc().syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0)))
    finally:
        os.close(ruleset)


def _make_ruleset(version: int, known: int, connects: bool) -> int:
    handled = [known]
    if version >= 4:
        handled.append(0 if connects else _CONNECT_TCP)
    if version >= 6:
        handled.append(_ABSTRACT_SOCKETS | _SIGNALS)
    packed = struct.pack(f"={len(handled)}Q", *handled)
    asked = (ctypes.c_char_p(packed), ctypes.c_size_t(len(packed)), ctypes.c_uint32(0))
    return _checked(_libc().syscall(_CREATE_RULESET, *asked))


def _allow(ruleset: int, path: Path, access: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there need not be allowed
    try:
        if not stat.S_ISDIR(os.fstat(opened).st_mode):
            access &= _OF_FILES
        rule = struct.pack("=Qi", access, opened)
        asked = (
            ctypes.c_int(ruleset),
            ctypes.c_int(_PATH_BENEATH),
            ctypes.c_char_p(rule),
            ctypes.c_uint32(0),
        )
        _checked(_libc().syscall(_ADD_RULE, *asked))
    finally:
        os.close(opened)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(answer: int) -> int:
    if answer < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return int(answer)

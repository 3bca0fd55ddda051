"""Linux Landlock: an unprivileged process irrevocably gives up all files and TCP ports but those its rules allow.

The constants are from the kernel's include/uapi/linux/landlock.h; landlock(7) lists what each version added.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # system call numbers, the same on x86-64 and ARM64
ASK_VERSION = 1
PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REMOVE_FILE, MAKE_REG, TRUNCATE, IOCTL_DEV = 1 << 5, 1 << 8, 1 << 14, 1 << 15
OF_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV  # the other rights apply to folders only
READ = EXECUTE | READ_FILE | READ_DIR
OWN = READ_FILE | READ_DIR | WRITE_FILE | TRUNCATE | MAKE_REG | REMOVE_FILE  # but no links, pipes, sockets or execution
# (version that introduced them, rights that are handled): files; binding and connecting TCP sockets; abstract Unix
# sockets of other processes, and signals to them.
FILES = ((1, (1 << 13) - 1), (2, 1 << 13), (3, TRUNCATE), (5, IOCTL_DEV))
NETWORK = ((4, 0b11),)
SCOPED = ((6, 0b11),)
COMPLETE = 6  # the first version that handles all of them

# Libraries and machine data that programs need; no data of the site is in these places.
PUBLIC = (
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/nix/store", "/etc/ld.so.cache", "/dev/urandom",
    "/sys/devices/system/cpu",
)  # fmt: skip
PROCESSES = "/proc"  # may be listed but not read: starting a program lists open files there to close them

_libc = (
    ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
)  # loaded here, since a forked child mustn't


class _Attributes(ctypes.Structure):
    """struct landlock_ruleset_attr; older kernels accept it as long as the fields that they don't know are 0."""

    _fields_ = [("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64)]


class _Beneath(ctypes.Structure):
    """struct landlock_path_beneath_attr"""

    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def _call(number: int, *arguments: int | ctypes.Structure | None) -> int:
    if _libc is None:
        return -1
    given = [ctypes.byref(a) if isinstance(a, ctypes.Structure) else ctypes.c_long(a or 0) for a in arguments]
    return int(_libc.syscall(ctypes.c_long(number), *given))


@functools.cache
def version() -> int:
    """The kernel's Landlock version: 1 (Linux 5.13) or later, or 0 if it is missing, disabled or blocked."""
    return max(0, _call(CREATE_RULESET, None, 0, ASK_VERSION))


@contextlib.contextmanager
def rules(*, read: Iterable[Path | str] = (), own: Iterable[Path | str] = ()) -> Iterator[int | None]:
    """An open ruleset for `enter`: `read` may be read and executed besides PUBLIC, and in `own` files may be written.

    A folder stands for everything in it; a missing path is ignored. Yields None if the kernel has no Landlock.
    Raises OSError if the kernel refuses a rule.
    """
    if not version():
        yield None
        return
    handled = [sum(bits for since, bits in table if version() >= since) for table in (FILES, NETWORK, SCOPED)]
    ruleset = _checked(_call(CREATE_RULESET, _Attributes(*handled), ctypes.sizeof(_Attributes), 0))
    try:
        for path in (*PUBLIC, *read):
            _allow(ruleset, path, READ)
        for path in own:
            _allow(ruleset, path, OWN & handled[0])
        _allow(ruleset, PROCESSES, READ_DIR)
        yield ruleset
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path | str, rights: int) -> None:
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return  # what can't be reached needs no rule
    try:
        if not stat.S_ISDIR(os.fstat(parent).st_mode):
            rights &= OF_A_FILE
        _checked(_call(ADD_RULE, ruleset, PATH_BENEATH, _Beneath(rights, parent), 0))
    finally:
        os.close(parent)


def enter(ruleset: int) -> bool:
    """Restrict the calling thread and all its children to the rules; it must have set no_new_privs (prctl(2)).

    Files that are open stay so. Fit for a forked child: nothing is loaded here.
    """
    return _call(RESTRICT_SELF, ruleset, 0) == 0


def confine(*, read: Iterable[Path | str] = ()) -> None:
    """Restrict this process to reading PUBLIC and `read`, and to writing nothing. See `enter`.

    Raises OSError if the kernel, though it has Landlock, refuses.
    """
    with rules(read=read) as ruleset:
        if ruleset is not None:
            _checked(_call(RESTRICT_SELF, ruleset, 0))


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), f"Landlock: {os.strerror(ctypes.get_errno())}")
    return result

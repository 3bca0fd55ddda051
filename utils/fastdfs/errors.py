"""The exceptions. Each is also the built-in exception that a local file would raise."""

from __future__ import annotations

import errno


class FastDFSError(Exception):
    """Any failure of an operation on FastDFS."""


class NotFound(FastDFSError, FileNotFoundError):
    """No server of the group has the file."""

    errno = errno.ENOENT


class Exists(FastDFSError, FileExistsError):
    """The file exists already; only `upload_slave` raises this."""

    errno = errno.EEXIST


class NoSpace(FastDFSError, OSError):
    """No server of the group has room for the file."""

    errno = errno.ENOSPC


class BadRequest(FastDFSError, ValueError):
    """The request itself is wrong: a malformed id, an offset past the end, an append to a normal file."""


class Unavailable(FastDFSError, OSError):
    """Servers are unreachable, time out, close the connection, or send an invalid reply. A later attempt may succeed.

    A change may or may not have been made.
    """

    errno = errno.EIO

"""Errors of uploads."""

from __future__ import annotations


class UploadError(Exception):
    """An upload can't continue."""


class NoRoom(UploadError):
    """The disk is full, or would be."""


class Unreachable(UploadError):
    """The storage can't be reached; what was confirmed is kept."""


class Busy(UploadError):
    """Another request is writing to this upload."""


class WrongOffset(UploadError):
    """The bytes don't begin where the stored ones end."""


class TooLong(UploadError):
    """More bytes than the site takes, or than the upload was said to have."""


class WrongChecksum(UploadError):
    """The bytes aren't those that the sender hashed; none of them was kept."""

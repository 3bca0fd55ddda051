"""The words of tus 1.0.0 (https://tus.io/protocols/resumable-upload): headers read and refused, nothing stored."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import PurePath

from django.utils.translation import gettext as _

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,checksum,termination"
ALGORITHMS = ("sha1", "md5", "sha256")
CHUNK_TYPE = "application/offset+octet-stream"
CHECKSUM_MISMATCH = 460
LONGEST_METADATA = 4096  # characters of the whole header
LARGEST = 2**63 - 1  # bytes a database's integer holds
_NUMBER = re.compile(r"[0-9]+")
_KEY = re.compile(r"[!-+\--~]+")  # printable ASCII without space and comma


class Refused(Exception):
    """The protocol's answer to a request that can't be carried out: an HTTP status and a sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Checksum:
    """What the body of one request must hash to."""

    algorithm: str
    digest: bytes

    def hasher(self) -> hashlib._Hash:
        """A fresh hash of the algorithm, to be fed with the body."""
        return hashlib.new(self.algorithm, usedforsecurity=False)


def number(header: str, value: str | None) -> int:
    """The non-negative integer in a header; Refused with 400, or 413 beyond what any disk holds."""
    if value is None or not _NUMBER.fullmatch(value):
        raise Refused(HTTPStatus.BAD_REQUEST, _("%s must be a whole number of bytes.") % header)
    digits = value.lstrip("0") or "0"
    if len(digits) > len(str(LARGEST)) or int(digits) > LARGEST:
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _("The file is too large."))
    return int(digits)


def metadata(header: str) -> dict[str, str]:
    """Upload-Metadata as text: pairs of a key and its value in Base64, separated by commas."""
    if len(header) > LONGEST_METADATA:
        raise Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, _("Upload-Metadata is too long."))
    found: dict[str, str] = {}
    for pair in header.split(",") if header.strip() else []:
        key, _space, value = pair.strip(" ").partition(" ")
        if not _KEY.fullmatch(key) or key in found:
            raise Refused(HTTPStatus.BAD_REQUEST, _("Upload-Metadata is malformed."))
        try:
            found[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError) as error:
            raise Refused(HTTPStatus.BAD_REQUEST, _("Upload-Metadata is malformed.")) from error
    return found


def checksum(header: str | None) -> Checksum | None:
    """Upload-Checksum: the name of an algorithm and the Base64 of its digest."""
    if header is None:
        return None
    name, _space, value = header.strip().partition(" ")
    if name not in ALGORITHMS:
        raise Refused(HTTPStatus.BAD_REQUEST, _("Upload-Checksum names an unknown algorithm."))
    try:
        digest = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused(HTTPStatus.BAD_REQUEST, _("Upload-Checksum is malformed.")) from error
    found = Checksum(name, digest)
    if len(digest) != found.hasher().digest_size:
        raise Refused(HTTPStatus.BAD_REQUEST, _("Upload-Checksum is malformed."))
    return found


def suffix(filename: str) -> str:
    """The harmless part of a file name that a stored file may keep: ".mp4", or nothing."""
    found = PurePath(filename).suffix.lower()
    return found if len(found) <= 10 and found[1:].isascii() and found[1:].isalnum() else ""

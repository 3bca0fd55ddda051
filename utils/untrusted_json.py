"""Parsing untrusted JSON with limits; all errors are ValueErrors."""

from __future__ import annotations

import json
from typing import Any

LARGEST = 64 * 1024  # bytes of a JSON text
LONGEST_NUMBER = 100  # digits


class Malformed(ValueError):
    """The text is malformed or exceeds a limit."""


def read_json(text: bytes | str, *, largest: int = LARGEST) -> Any:
    """Parse a JSON text (RFC 8259). Raises Malformed if it is invalid, too large or too deeply nested.

    NaN and infinities, which Python accepts, are rejected.
    """
    if len(text) > largest:
        raise Malformed("too large")
    try:
        return json.loads(text, parse_constant=_refuse, parse_int=_integer)
    except (ValueError, RecursionError, UnicodeError) as error:
        raise Malformed(str(error)) from error


def read_object(text: bytes | str, *, largest: int = LARGEST) -> dict[str, Any]:
    """Like `read_json`, for a JSON object."""
    found = read_json(text, largest=largest)
    if not isinstance(found, dict):
        raise Malformed("not an object")
    return found


def _refuse(name: str) -> None:
    raise Malformed(f"{name} is not JSON")


def _integer(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise Malformed("a number has too many digits")
    return int(digits)

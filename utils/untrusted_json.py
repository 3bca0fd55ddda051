"""What strangers send, read through one door: whatever is wrong with it is a ValueError."""

from __future__ import annotations

import json
from typing import Any

LARGEST = 64 * 1024  # bytes of a JSON text
LONGEST_NUMBER = 100  # digits


class Malformed(ValueError):
    """The text can't be read."""


def read_json(text: bytes | str, *, largest: int = LARGEST) -> Any:
    """The value of a JSON text (RFC 8259). Raises Malformed for what isn't one, is too large or nested too deeply.

    NaN and infinities, which Python would take, are no JSON.
    """
    if len(text) > largest:
        raise Malformed("too large")
    try:
        return json.loads(text, parse_constant=_refuse, parse_int=_integer)
    except (ValueError, RecursionError, UnicodeError) as error:
        raise Malformed(str(error)) from error


def read_object(text: bytes | str, *, largest: int = LARGEST) -> dict[str, Any]:
    """As `read_json`, of a text that holds an object."""
    found = read_json(text, largest=largest)
    if not isinstance(found, dict):
        raise Malformed("no object")
    return found


def _refuse(name: str) -> None:
    raise Malformed(f"{name} is no JSON")


def _integer(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise Malformed("a number of too many digits")
    return int(digits)

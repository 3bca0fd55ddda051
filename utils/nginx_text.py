"""Text of ours in a configuration of nginx."""

from __future__ import annotations

DOLLAR = "${streamsite_dollar}"  # a variable that holds a dollar sign (deploy/nginx/maps.conf)


def quoted(text: object, then: str = "") -> str:
    """`text`, literally, as a parameter of a directive that expands variables; `then` follows as nginx reads it.

    nginx has no escape for a dollar sign, so that comes from a variable.
    """
    return f'"{_escaped(text).replace("$", DOLLAR)}{then}"'


def quoted_plain(text: object) -> str:
    """`text`, literally, as a parameter of a directive that expands no variables."""
    return f'"{_escaped(text)}"'


def _escaped(text: object) -> str:
    return str(text).replace("\\", "\\\\").replace('"', '\\"')

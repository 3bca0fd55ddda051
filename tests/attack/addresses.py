"""Every address of the site."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver


def addresses(resolver: URLResolver | None = None, before: str = "") -> Iterator[str]:
    """One for every pattern of the site's, with 1 in each place of the path."""
    for pattern in (resolver or get_resolver()).url_patterns:
        whole = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield "/" + re.sub(r"<[^>]*>", "1", re.sub(r"[\^$\\]|\(\?.*?\)", "", whole))
        else:
            yield from addresses(pattern, whole)

"""The one address of each page of results."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from django.urls import reverse
from django.utils.http import urlencode


def results_address(text: str, values: Mapping[str, str] | None = None, *, page: int = 1) -> str:
    """The address of the results for `text`, with filters and sort order as `values`."""
    query = [("q", text), *(values or {}).items(), *([("page", str(page))] if page > 1 else [])]
    return f"{_path()}?{urlencode(query)}"


@cache
def _path() -> str:
    """A page of results has a hundred addresses."""
    return reverse("search:results")

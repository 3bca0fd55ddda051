"""Pagination links."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypedDict

from django.core.paginator import Page


class PageLink(TypedDict):
    """A page number, or a gap between numbers."""

    label: str
    url: str  # "" for a gap
    current: bool


def page_links(page: Page[Any], address: Callable[[int], str]) -> list[PageLink]:
    """Links to the first, last and neighboring pages; `address` returns the URL of a page number."""
    return [
        {
            "label": str(number),
            "url": address(number) if isinstance(number, int) else "",
            "current": number == page.number,
        }
        for number in page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)
    ]

"""Reads what pages and files say to search engines."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
from lxml import etree

SCHEMAS = Path(__file__).parent / "schemas"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
IMAGE = "{http://www.google.com/schemas/sitemap-image/1.1}"
VIDEO = "{http://www.google.com/schemas/sitemap-video/1.1}"


class Page(HTMLParser):
    """The head of a page as a browser's parser sees it."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.title, self.scripts = "", []
        self.meta: dict[str, str] = {}
        self.links: list[dict[str, str]] = []
        self._in = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self._in = tag
        if tag == "meta":
            self.meta[values.get("name") or values.get("property") or ""] = values.get("content", "")
        elif tag == "link":
            self.links.append(values)
        elif tag == "script":
            self._in = values.get("type", "script")
            self.scripts.append((self._in, ""))

    def handle_endtag(self, tag: str) -> None:
        self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in == "title":
            self.title += data
        elif self.scripts and self._in == self.scripts[-1][0]:
            self.scripts[-1] = (self._in, self.scripts[-1][1] + data)

    def link(self, rel: str) -> str:
        """The address of the only link of this kind; "" if there is none."""
        (found,) = [one["href"] for one in self.links if one["rel"] == rel and "hreflang" not in one] or [""]
        return found

    @property
    def languages(self) -> dict[str, str]:
        return {one["hreflang"]: one["href"] for one in self.links if "hreflang" in one}

    @property
    def nodes(self) -> dict[str, dict[str, Any]]:
        """The structured data by type; it meets Google's rules, or this raises."""
        texts = [text for kind, text in self.scripts if kind == "application/ld+json"]
        if not texts:
            return {}
        (text,) = texts
        data = json.loads(text)
        check_rich_results(data)
        return {node["@type"]: node for node in data["@graph"]}


def read(client: Any, address: str, **headers: str) -> Page:
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200, address
    return Page(answer.content.decode())


def check_rich_results(data: Any) -> None:
    """Raises ValidationError if the data lacks what Google requires, or says it in another form."""
    jsonschema.validate(data, json.loads((SCHEMAS / "rich_results.json").read_text()))


def parse_sitemap(text: bytes) -> Any:
    """The tree of a sitemap or of an index, which its schema holds for."""
    tree = etree.fromstring(text)
    name = "siteindex.xsd" if tree.tag == f"{SITEMAP}sitemapindex" else "sitemaps.xsd"
    etree.XMLSchema(etree.parse(SCHEMAS / name)).assertValid(tree)
    return tree


def locations(tree: Any) -> list[str]:
    return [one.text for one in tree.iter(f"{SITEMAP}loc")]

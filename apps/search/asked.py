"""The query of the search page: its values, its addresses, and the filter bar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from apps.search import services
from apps.search.addresses import results_address

FIRST = 4  # filters that are always shown: see parts/filter_bar.html
LONGEST_VALUE = 40  # characters of a filter's value
MOST_CHOICES = 16  # of a filter; the rest have few titles


@dataclass(frozen=True)
class Asked:
    """What the query string asks for; unknown names and values are ignored."""

    text: str
    chosen: Mapping[str, str]
    sort: str = ""
    page: int = 1
    exact: bool = False  # only these words, not what they probably mean

    @classmethod
    def of(cls, query: QueryDict) -> Asked:
        """The query, with its text cleaned."""
        values = {name: query.get(name, "")[:LONGEST_VALUE] for name in services.FACETS}
        sort, page = query.get("sort", ""), query.get("page", "1")
        return cls(
            services.plain(query.get("q", "")),
            {name: value for name, value in values.items() if value},
            sort if sort in services.SORTS else "",
            int(page) if page.isascii() and page.isdecimal() and len(page) < 6 else 1,
            query.get("exact") == "1",
        )

    @property
    def is_plain(self) -> bool:
        """Whether this is the first page, unfiltered, by relevance."""
        return not self.chosen and not self.sort and self.page <= 1

    def address(self, changes: Mapping[str, str] = MappingProxyType({}), *, page: int = 1) -> str:
        """The address with `changes` applied ("" removes a value), on the first page unless another is named."""
        values = {**self.chosen, "sort": self.sort, "exact": "1" if self.exact else "", **changes}
        ordered = {name: values[name] for name in (*services.FACETS, "sort", "exact") if values.get(name)}
        return results_address(self.text, ordered, page=page)

    def context(self, found: services.Narrowed) -> dict[str, Any]:
        """facets, chosen and sorts for the template."""
        titles = {
            "kind": _("Type"), "category": _("Category"), "genre": _("Genre"), "region": _("Region"), "year": _("Year"),
            "access": _("Access"),
        }  # fmt: skip
        labels = {name: {value: capfirst(label) for value, label in found.names(name).items()} for name in titles}
        sorts = {"": _("Relevance"), "date": _("Newest"), "heat": _("Popular"), "score": _("Top rated")}
        facets = [self._facet(name, title, found, labels.get(name, {})) for name, title in titles.items()]
        return {
            "all_url": results_address(self.text),
            "more_chosen": any(self.chosen.get(name) for name in services.FACETS[FIRST:]),
            "facets": [one for one in facets if len(one["choices"]) > 1 or not one["any"]["chosen"]],
            "chosen": [
                {"label": labels.get(name, {}).get(value, value), "remove_url": self.address({name: ""})}
                for name, value in self.chosen.items()
            ],
            "sorts": [
                {"label": title, "url": self.address({"sort": name}), "chosen": self.sort == name}
                for name, title in sorts.items()
            ],
        }

    def _facet(self, name: str, title: str, found: services.Narrowed, labels: Mapping[str, str]) -> dict[str, Any]:
        counts = found.counts(name)
        values = [value for value, _n in counts.most_common(MOST_CHOICES)]
        if (mine := self.chosen.get(name)) and mine not in values:
            values.append(mine)
        if name == "year":
            values.sort(reverse=True)
        return {
            "name": name,
            "label": title,
            "any": {"url": self.address({name: ""}), "chosen": not mine},
            "choices": [
                {
                    "label": labels.get(value, value),
                    "count": counts[value],
                    "url": self.address({name: value}),
                    "chosen": value == mine,
                }
                for value in values
            ],
        }

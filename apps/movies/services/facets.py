"""The facet index: which listed titles have which values, as bits, so that filters are combined and counted at once.

Titles have places in order of heat. A facet value is an integer whose bit n says whether the title at place n has it:
filters are combined by `&`, counted by `bit_count`, and a page is read off the bits, whatever the number of titles.
The index is a copy and may be some seconds old, so a page loads its titles by `listed` again and never shows one that
was taken down.

A small catalogue is indexed in the process that shows it, as soon as something changed. A large one is indexed by a
worker and stored; processes load what is stored and show it until the next is there. Decision 0070 has the figures.
"""

from __future__ import annotations

import time
import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from itertools import compress, islice, tee
from typing import Any

from django.utils import timezone

from apps.movies.models import (
    Access,
    Audience,
    Category,
    Genre,
    Kind,
    Language,
    Movie,
    Region,
    Run,
    StoredFacets,
    Tag,
    run_of,
)
from utils.cache import pages_version

QUICK = 0.05  # seconds of processor time: builds up to this long are made in requests
PACE = 20  # a stored index is kept for at least so many times what its build took
OLDEST = timedelta(minutes=10)  # plays change the order without changing the pages' version
CHECKED_EVERY = 3.0  # seconds between looks at the stored index
ORDERS = ("date", "score")  # beside heat, the order of the places
BOOLEAN = bytes.maketrans(b"01", b"\x00\x01")


@dataclass(frozen=True)
class FacetValue:
    """A value of a facet; enumerations have no names here but the labels of their choices."""

    key: str  # as in a query
    name: str
    name_en: str
    bits: int = field(repr=False)


@dataclass(frozen=True)
class FacetIndex:
    """`orders` has the places of the titles in the order of each of ORDERS."""

    version: str
    built_at: datetime
    seconds: float
    ids: array[int] = field(repr=False)
    orders: dict[str, array[int]] = field(repr=False)
    facets: dict[str, dict[str, FacetValue]] = field(repr=False)

    def matching(self, chosen: Mapping[str, str]) -> int:
        """The bits of the titles that have all chosen values; without any, of all titles."""
        bits = (1 << len(self.ids)) - 1
        for name, key in chosen.items():
            value = self.facets[name].get(key)
            bits &= value.bits if value else 0
        return bits

    def counts(self, chosen: Mapping[str, str], names: Iterable[str]) -> dict[str, dict[str, int]]:
        """For each value, how many titles have it and the chosen values of the other facets."""
        found = {}
        for name in names:
            others = self.matching({facet: key for facet, key in chosen.items() if facet != name})
            found[name] = {key: (value.bits & others).bit_count() for key, value in self.facets[name].items()}
        return found

    def page(self, bits: int, order: str, start: int, stop: int) -> list[int]:
        """The ids of the titles of `bits` in that order, from `start` to `stop`."""
        count = bits.bit_count()
        flags = f"{bits:0{len(self.ids)}b}".encode()[::-1].translate(BOOLEAN)
        places: Sequence[int] = self.orders[order] if order in ORDERS else range(len(self.ids))
        if start <= count // 2:
            return list(islice(_chosen(self.ids, flags, iter(places)), start, stop))
        # a late page is read from the end
        back = islice(_chosen(self.ids, flags, reversed(places)), max(0, count - stop), max(0, count - start))
        return list(back)[::-1]

    @cached_property
    def places(self) -> dict[int, int]:
        """The place of each title."""
        return {pk: place for place, pk in enumerate(self.ids)}

    @property
    def is_quick(self) -> bool:
        return self.seconds <= QUICK


def _chosen(ids: Sequence[int], flags: bytes, places: Iterator[int]) -> Iterator[int]:
    """The ids at the places whose flag is set."""
    one, other = tee(places)
    return compress(map(ids.__getitem__, one), map(flags.__getitem__, other))


_held: FacetIndex | None = None
_checked = 0.0  # monotonic


def facet_index() -> FacetIndex:
    """The index for this request: of now for a small catalogue, else the newest that is stored."""
    global _held, _checked
    version, at, held = pages_version(), timezone.now(), _held
    if held and held.version == version and at - held.built_at < OLDEST:
        return held
    if not (held and held.is_quick) and time.monotonic() - _checked > CHECKED_EVERY:
        _checked = time.monotonic()
        held = _load(held) or held
    if held is None or (held.is_quick and (held.version != version or at - held.built_at >= OLDEST)):
        held = build(version=version, at=at)
    _held = held
    return held


def refresh_facet_index(*, at: datetime) -> bool:
    """Build and store the index if something changed since; returns whether it did."""
    version = pages_version()
    row = StoredFacets.objects.defer("head", "body").order_by("-pk").first()
    if row:
        age = at - row.built_at
        same = row.version == version and age < OLDEST
        if same or timedelta() <= age < timedelta(seconds=PACE * row.seconds):
            return False
    index = build(version=version, at=at)
    head, body = _pack(index)
    values = {"version": version, "built_at": at, "seconds": index.seconds, "head": head, "body": body}
    StoredFacets.objects.update_or_create(pk=1, defaults=values)
    return True


def build(*, version: str, at: datetime) -> FacetIndex:
    """Read the catalogue. `version` is that of the cached pages before."""
    began = time.thread_time()
    titles = Movie.objects.listed(Audience.any_viewer(at))
    rows = list(
        titles.order_by("-plays_week", "-pk").values_list(
            "pk", "kind", "category_id", "region_id", "year", "access", "episodes_out", "episodes_planned",
            "schedule_finished", "published_at", "score",
        )
    )  # fmt: skip
    ids = array("q", (row[0] for row in rows))
    places = {pk: place for place, pk in enumerate(ids)}
    has = _Bits(len(ids))
    for place, (_, kind, category, region, year, access, out, planned, finished, _, _) in enumerate(rows):
        has.add("kind", kind, place)
        has.add("category", category, place)
        has.add("access", access, place)
        if region:
            has.add("region", region, place)
        if year:
            has.add("year", year, place)
        if run := run_of(kind, out, planned, finished):
            has.add("run", run, place)
    for name, links in (("genre", Movie.genres), ("tag", Movie.tags), ("language", Movie.languages)):
        through = links.through.objects.order_by().values_list("movie_id", f"{name}_id")
        for movie, label in through.iterator(5000):
            if (linked := places.get(movie)) is not None:
                has.add(name, label, linked)
    facets = {
        "kind": has.values("kind", _choices(Kind)),
        "access": has.values("access", _choices(Access)),
        "run": has.values("run", _choices(Run)),
        "year": has.values("year", ((year, str(year), "") for year in sorted(has.keys("year"), reverse=True))),
    }  # fmt: skip
    for name, model in (
        ("category", Category), ("genre", Genre), ("region", Region), ("language", Language), ("tag", Tag),
    ):  # fmt: skip
        labels = model.objects.values_list("pk", "name", "name_en").order_by("pk")
        facets[name] = has.values(name, labels)
    dates, scores = ([row[column] for row in rows] for column in (9, 10))
    orders = {
        name: array("I", sorted(range(len(ids)), key=lambda place: (values[place], ids[place]), reverse=True))
        for name, values in zip(ORDERS, (dates, scores), strict=True)
    }
    return FacetIndex(version, at, time.thread_time() - began, ids, orders, facets)


class _Bits:
    """Collects the places of each value."""

    def __init__(self, titles: int) -> None:
        self.size = (titles + 7) // 8
        self.found: dict[str, dict[Any, bytearray]] = {}

    def add(self, facet: str, key: Any, place: int) -> None:
        of = self.found.setdefault(facet, {})
        bits = of.get(key)
        if bits is None:
            bits = of[key] = bytearray(self.size)
        bits[place >> 3] |= 1 << (place & 7)

    def keys(self, facet: str) -> Iterable[Any]:
        return self.found.get(facet, {})

    def values(self, facet: str, labels: Iterable[tuple[Any, str, str]]) -> dict[str, FacetValue]:
        """Those of the labels that a title has, in their order."""
        of = self.found.get(facet, {})
        return {
            str(key): FacetValue(str(key), name, english, int.from_bytes(of[key], "little"))
            for key, name, english in labels
            if key in of
        }


def _choices(choices: type[Kind] | type[Access] | type[Run]) -> Iterator[tuple[str, str, str]]:
    return ((value, "", "") for value in choices.values)


def _pack(index: FacetIndex) -> tuple[dict[str, Any], bytes]:
    """As JSON and bytes: ids, orders and bits one after the other, compressed."""
    size = (len(index.ids) + 7) // 8
    head = {
        "titles": len(index.ids),
        "facets": {name: [[v.key, v.name, v.name_en] for v in of.values()] for name, of in index.facets.items()},
    }
    parts = [index.ids.tobytes(), *(index.orders[name].tobytes() for name in ORDERS)]
    parts += [value.bits.to_bytes(size, "little") for of in index.facets.values() for value in of.values()]
    return head, zlib.compress(b"".join(parts), 3)


def _load(held: FacetIndex | None) -> FacetIndex | None:
    """The stored index; None if there is none, or none but the one that is held."""
    known = StoredFacets.objects.defer("head", "body").order_by("-pk").first()
    if known is None or (held and held.built_at >= known.built_at):
        return None
    row = StoredFacets.objects.get(pk=known.pk)
    head, data, at = row.head, memoryview(zlib.decompress(row.body)), 0

    def take(size: int) -> memoryview:
        nonlocal at
        at += size
        return data[at - size : at]

    titles = head["titles"]
    ids, size = array("q"), (titles + 7) // 8
    ids.frombytes(take(titles * ids.itemsize))
    orders = {}
    for name in ORDERS:
        orders[name] = array("I")
        orders[name].frombytes(take(titles * orders[name].itemsize))
    facets = {
        name: {key: FacetValue(key, label, english, int.from_bytes(take(size), "little")) for key, label, english in of}
        for name, of in head["facets"].items()
    }
    return FacetIndex(row.version, row.built_at, row.seconds, ids, orders, facets)

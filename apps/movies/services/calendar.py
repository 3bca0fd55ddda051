"""The update calendar: what came out on each day of a week, what is due, and what is late.

`entries` is pure: from the rhythm of a title and the moments when its episodes came out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from django.utils import timezone

from apps.movies.models import Audience, Episode, Movie, Schedule, listed_by_key

GRACE = timedelta(minutes=30)  # after its time an update counts as due for so long, then as late
EARLIEST = timedelta(days=3)  # before its time an update may come
DAY = timedelta(days=1)
RUNNING = 150  # titles with a schedule; of more than that the most played of the week are shown
OWN = ("weekdays", "time", "episodes_each", "starts_on", "paused_from", "paused_until", "note")
SHOWN = ("latest_episode", "episodes_planned", "plays_week", "published_at")


class State(StrEnum):
    """How an update stands; the template compares the same words."""

    OUT = "out"
    DUE = "due"
    LATE = "late"
    MISSED = "missed"  # its time passed without an episode, and a later one has come since
    PAUSED = "paused"


@dataclass(frozen=True)
class Rhythm:
    """A schedule with the state of its title. `latest` is the highest episode that is out, `planned` the last of all.

    `planned` isn't known if it isn't above `latest`. Dates and times are those of the site's time zone.
    """

    movie_id: int
    days: Collection[int]
    time: time
    each: int
    starts_on: date
    paused_from: date | None
    paused_until: date | None
    note: str
    latest: int
    planned: int
    plays: int = 0

    def is_paused(self, day: date) -> bool:
        if self.paused_from is None or day < self.paused_from:
            return False
        return self.paused_until is None or day <= self.paused_until

    def has_update(self, day: date) -> bool:
        return day.weekday() in self.days and day >= self.starts_on

    def moment(self, day: date) -> datetime:
        """When the update of the day is due."""
        return datetime.combine(day, self.time, timezone.get_current_timezone())

    def opens(self, day: date) -> datetime:
        """From when an episode counts as the update of the day: half way from the update before."""
        before = next((n for n in range(1, 8) if (day - n * DAY).weekday() in self.days), 7)
        return self.moment(day) - min(before * DAY / 2, EARLIEST)

    def next_after(self, day: date) -> date:
        return next(day + n * DAY for n in range(1, 8) if (day + n * DAY).weekday() in self.days)


@dataclass(frozen=True)
class Entry:
    """An update of a title on a day. The numbers are 0 if they can't be known."""

    movie_id: int
    day: date
    state: State
    at: time
    first: int = 0
    last: int = 0
    is_finale: bool = False
    until: date | None = None  # of a break
    note: str = ""
    plays: int = 0


@dataclass(frozen=True)
class CalendarDay:
    """A day with its titles; `more` aren't shown."""

    day: date
    is_today: bool
    rows: list[tuple[Movie, Entry]]
    more: int


def entries(rhythm: Rhythm, outs: Sequence[tuple[int, datetime]], days: Sequence[date], now: datetime) -> list[Entry]:
    """The updates on consecutive `days`. `outs` are (number, local time) from a week before the first of them on."""
    today = now.date()
    there: dict[date, list[tuple[int, datetime]]] = {}
    for number, at in outs:
        there.setdefault(at.date(), []).append((number, at))
    found: list[Entry] = []
    number, is_late = rhythm.latest, False
    for entry in _stream(rhythm, there, min(days[0], today), days[-1], now):
        if entry.state is State.LATE:
            is_late = True
            entry = _numbered(entry, rhythm, number)
        elif entry.state is State.DUE and not is_late:
            entry = _numbered(entry, rhythm, number)
            number += rhythm.each
        if entry.state is State.DUE and rhythm.planned > rhythm.latest and number - rhythm.each >= rhythm.planned:
            break  # all are out by then
        if entry.day >= days[0]:
            found.append(entry)
    return found


def _stream(
    rhythm: Rhythm, there: dict[date, list[tuple[int, datetime]]], first: date, last: date, now: datetime
) -> Iterator[Entry]:
    """The updates from `first` to `last`, those to come without numbers."""
    moments = [at for of in there.values() for _, at in of]
    blank = Entry(rhythm.movie_id, first, State.DUE, rhythm.time, plays=rhythm.plays)
    day = first
    while day <= last:
        out = there.get(day, [])
        if out:
            numbers = [number for number, _ in out]
            at = max(at for _, at in out).time()
            yield replace(blank, day=day, state=State.OUT, at=at, first=min(numbers), last=max(numbers))
        if rhythm.has_update(day):
            closes = rhythm.opens(rhythm.next_after(day))
            came = any(rhythm.opens(day) <= at < closes for at in moments)
            if rhythm.is_paused(day):
                if not out:
                    yield replace(blank, day=day, state=State.PAUSED, until=rhythm.paused_until, note=rhythm.note)
            elif not came:
                if now < rhythm.moment(day) + GRACE:
                    yield replace(blank, day=day, note=rhythm.note)
                elif now < rhythm.moment(rhythm.next_after(day)) + GRACE and not any(
                    at >= rhythm.opens(day) for at in moments
                ):
                    yield replace(blank, day=day, state=State.LATE)
                elif not out:
                    yield replace(blank, day=day, state=State.MISSED)
        day += DAY


def _numbered(entry: Entry, rhythm: Rhythm, number: int) -> Entry:
    """With the episodes after `number`; the last of all is the finale."""
    last = number + rhythm.each
    if rhythm.planned > rhythm.latest:
        last = min(last, rhythm.planned)
    return replace(entry, first=number + 1, last=last, is_finale=last == rhythm.planned)


def _rhythm(row: Schedule) -> Rhythm:
    movie = row.movie
    return Rhythm(
        movie.pk, row.days, row.time, row.episodes_each, row.starts_on, row.paused_from, row.paused_until, row.note,
        movie.latest_episode, movie.episodes_planned, movie.plays_week,
    )  # fmt: skip


def week(*, audience: Audience, offset: int, shown: int, whole: int | None = None) -> list[CalendarDay]:
    """Monday to Sunday of this week, or `offset` weeks later: up to `shown` titles a day, all of day `whole` (0–6).

    Three queries, whatever the size of the catalogue.
    """
    now = timezone.localtime(audience.at)
    monday = now.date() - now.weekday() * DAY + offset * 7 * DAY
    days = [monday + n * DAY for n in range(7)]
    begins = datetime.combine(min(monday, now.date()) - 7 * DAY, time(), now.tzinfo)
    running = Schedule.objects.filter(listed_by_key(audience, "movie__"), finished=False).select_related("movie")
    running = running.only(*(f"movie__{name}" for name in SHOWN), *OWN).order_by("-movie__plays_week", "-movie_id")
    rows = list(running[:RUNNING])
    out: dict[int, list[tuple[int, datetime]]] = {}
    came = Episode.objects.filter(movie__in=[row.movie_id for row in rows], available_at__gte=begins)
    for movie_id, number, at in came.order_by().values_list("movie_id", "number", "available_at"):
        out.setdefault(movie_id, []).append((number, at or begins))
    by_day: dict[date, list[Entry]] = {day: [] for day in days}
    for row in rows:
        listed_at = row.movie.published_at or begins
        outs = [(number, timezone.localtime(max(at, listed_at))) for number, at in out.get(row.movie_id, [])]
        for entry in entries(_rhythm(row), outs, days, now):
            by_day[entry.day].append(entry)
    chosen: dict[date, list[Entry]] = {}
    for place, day in enumerate(days):
        hottest = sorted(by_day[day], key=lambda entry: -entry.plays)[: None if place == whole else shown]
        chosen[day] = sorted(hottest, key=lambda entry: (entry.at, -entry.plays))
    keys = {entry.movie_id for found in chosen.values() for entry in found}
    movies = Movie.objects.listed_by_key(audience).for_card().in_bulk(keys)
    return [
        CalendarDay(
            day,
            day == now.date(),
            [(movies[entry.movie_id], entry) for entry in chosen[day] if entry.movie_id in movies],
            len(by_day[day]) - len(chosen[day]),
        )
        for day in days
    ]

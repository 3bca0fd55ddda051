"""What pages of a catalogue show beside names: labels, episodes, schedules, a person with a long career."""

from __future__ import annotations

import random
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from apps.media.models import State, Video
from apps.movies.models import Access, Credit, Episode, Genre, Kind, Language, Movie, Person, Region, Schedule, Tag

LABELS: tuple[tuple[type[Any], str, int, int], ...] = (  # model, field of titles, how many there are and a title has
    (Genre, "genres", 24, 2), (Language, "languages", 8, 1), (Tag, "tags", 60, 2),
)  # fmt: skip
REGIONS = 12
WEEKS = 50  # over which the titles were published
SERIES = 400  # with a schedule, at most
EPISODES = 12  # of one of these
CAREER = 200  # titles of the busiest person, at most
ROWS = 5000  # of one statement


def furnish() -> int:
    """Give the titles that `titles.fill` published what pages show; returns the person with the most titles."""
    draw, now = random.Random(13), timezone.now()
    ids = list(Movie.objects.order_by("pk").values_list("pk", flat=True))
    _mixed(now)
    for model, field, number, most in LABELS:
        model.objects.bulk_create([model(name=f"{model.__name__} {n}") for n in range(number)])
        labels = list(model.objects.values_list("pk", flat=True))
        through: Any = getattr(Movie, field).through
        column = f"{model.__name__.lower()}_id"
        pairs = [through(movie_id=pk, **{column: label}) for pk in ids for label in draw.sample(labels, most)]
        through.objects.bulk_create(pairs, batch_size=ROWS)
    _episodes(ids, now)
    person = Person.objects.create(name="多产", original_name="Busy", about="演员。" * 40)
    parts = [
        Credit(movie_id=pk, person=person, role="cast", character="某人")
        for pk in draw.sample(ids, min(CAREER, len(ids)))
    ]
    Credit.objects.bulk_create(parts)
    return person.pk


def _mixed(now: datetime) -> None:
    """Kinds, plays, scores, regions, access and dates, each in turn."""
    Region.objects.bulk_create([Region(name=f"Region {n}") for n in range(REGIONS)])
    first = Region.objects.order_by("pk").values_list("pk", flat=True)[0]
    rows = Movie.objects.order_by()
    rows.update(
        plays_week=F("pk") * 7919 % 1000,
        score=F("pk") * 31 % 100 / 10.0,
        region_id=F("pk") % REGIONS + first,
        genre_line="剧情 · 科幻",
        episodes_out=1,
        latest_episode=1,
    )
    for week in range(WEEKS):
        some = rows.annotate(rest=F("pk") % WEEKS).filter(rest=week)
        some.update(
            published_at=now - timedelta(weeks=week, hours=week),
            kind=Kind.values[week % len(Kind.values)],
            access=Access.values[week % len(Access.values)],
        )


def _episodes(ids: list[int], now: datetime) -> None:
    """An episode of each title; more of the series that have a schedule."""
    video = Video.objects.create(
        original="x", original_name="x.mp4", size=1, sha256="0" * 64, state=State.READY, ready_at=now, duration=20
    )
    series = set(Movie.objects.filter(kind=Kind.SERIES).order_by("pk").values_list("pk", flat=True)[:SERIES])
    Episode.objects.bulk_create(
        [
            Episode(movie_id=pk, number=number, video=video, available_at=now - timedelta(weeks=EPISODES - number))
            for pk in ids
            for number in range(1, (EPISODES if pk in series else 1) + 1)
        ],
        batch_size=ROWS,
    )
    Movie.objects.filter(pk__in=series).update(
        latest_episode=EPISODES, episodes_out=EPISODES, episodes_planned=2 * EPISODES, schedule_finished=False
    )
    Schedule.objects.bulk_create(
        Schedule(
            movie_id=pk, weekdays=1 << pk % 7, time=time(pk % 24), starts_on=now.date() - timedelta(weeks=EPISODES)
        )
        for pk in series
    )

"""Writes the titles of the demo catalogue: categories, members, episodes, comments, a month of plays."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, time, timedelta
from decimal import Decimal
from itertools import islice

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from apps.community.models import Comment
from apps.movies import services as movies
from apps.movies.models import (
    Banner,
    Category,
    Chapter,
    Credit,
    Episode,
    Genre,
    Language,
    Material,
    Movie,
    PlayDay,
    Region,
    Schedule,
    Status,
    Tag,
)
from apps.notices.models import Notice
from apps.users.models import Membership, User
from deploy.demo import footage
from deploy.demo.catalogue import (
    ABOUT_GENRES,
    BY_KEY,
    GENRES,
    LANGUAGES,
    MEMBERS,
    NOTICES,
    REGIONS,
    SHELVES,
    SMALL,
    TAGS,
    TITLES,
    Part,
    Title,
)
from deploy.demo.services.artwork import paint
from deploy.demo.services.people import draw_portraits, person


def make_catalogue(*, small: bool = False, at: datetime, say: Callable[[str], None] = lambda _: None) -> list[Movie]:
    """Write and paint every title that isn't there yet. What is there stays as its curator left it."""
    titles = [BY_KEY[key] for key in SMALL] if small else list(TITLES)
    _write_frame(at)
    members = _members(at)
    written = 0
    for place, title in enumerate(titles):
        if not _find(title):
            _write(title, place=place, members=members, small=small, at=at)
            written += 1
    if written:
        movies.refresh_rankings()
        say(f"{written} titles written")
    paint([title for title in titles if (movie := _find(title)) and not movie.poster_set], small=small, say=say)
    draw_portraits(say=say)
    return [movie for title in titles if (movie := _find(title))]


def _find(title: Title) -> Movie | None:
    """The title's movie, hidden or not: what a curator deleted isn't made again."""
    return Movie.objects.filter(original_title=title.original).order_by("pk").first()


def _write_frame(at: datetime) -> None:
    for order, (slug, name, english) in enumerate(SHELVES):
        Category.objects.get_or_create(slug=slug, defaults={"name": name, "name_en": english, "order": order})
    for name, english in GENRES.items():
        about, about_en = ABOUT_GENRES.get(name, ("", ""))
        values = {"name_en": english, "slug": slugify(english), "about": about, "about_en": about_en}
        Genre.objects.get_or_create(name=name, defaults=values)
    for model, names in ((Region, REGIONS), (Language, LANGUAGES), (Tag, TAGS)):
        for name, english in names.items():
            model.objects.get_or_create(name=name, defaults={"name_en": english})
    for age, (heading, body, pinned) in enumerate(NOTICES):
        Notice.objects.get_or_create(
            title=heading, defaults={"body": body, "pinned": pinned, "starts_at": at - timedelta(hours=20 * age)}
        )


def _members(at: datetime) -> list[User]:
    """Viewers who wrote the comments. Nobody can sign in as them; the first is a VIP."""
    found = []
    for username, nickname in MEMBERS:
        user, new = User.objects.get_or_create(username=username, defaults={"nickname": nickname})
        if new:
            user.set_unusable_password()
            user.save(update_fields=["password"])
        found.append(user)
    if not found[0].memberships.exists():
        Membership.objects.create(
            user=found[0], starts_at=at - timedelta(days=40), ends_at=at + timedelta(days=325), reason="demo"
        )
    return found


@transaction.atomic
def _write(title: Title, *, place: int, members: list[User], small: bool, at: datetime) -> None:
    rng = random.Random(title.key)
    moments = _moments(title, at)
    movie = Movie.objects.create(
        kind=title.kind,
        category=Category.objects.get(slug=title.category),
        title=title.title,
        original_title=title.original,
        aliases="\n".join(title.aliases),
        tagline=title.tagline,
        summary=title.summary,
        content=movies.clean_content(title.content),
        genre_line=" · ".join(title.genres),
        genre_line_en=" · ".join(GENRES[name] for name in title.genres),
        region=Region.objects.get(name=title.region),
        year=title.year,
        access=title.access,
        price=Decimal(title.price),
        member_price=Decimal(title.member_price),
        preview_seconds=(2 if small else title.preview) if title.preview else None,
        exclusive=title.exclusive,
        episodes_planned=title.planned or len(title.parts),
        episodes_out=len(title.parts),
        latest_episode=len(title.parts),
        duration=footage.seconds(title.parts[0], small=small),
        status=Status.PUBLISHED,
        published_at=min(moments[0], at - timedelta(days=(place * 7) % 41, hours=3 + place)),
        rating_count=title.ratings,
        rating_sum=round(Decimal(title.score) * title.ratings),
        score=Decimal(title.score),
        plays=title.plays,
    )
    movie.genres.set(Genre.objects.filter(name__in=title.genres))
    movie.languages.set(Language.objects.filter(name__in=title.languages))
    movie.tags.set(Tag.objects.filter(name__in=title.tags))
    for order, (role, name, character) in enumerate(title.people):
        Credit.objects.create(movie=movie, person=person(name), role=role, character=character, order=order)
    for number, part in enumerate(title.parts, start=1):
        _write_episode(movie, number, part, small=small, at=moments[number - 1])
    if title.days:
        Schedule.objects.create(
            movie=movie,
            weekdays=sum(1 << day for day in title.days),
            time=time(title.hour),
            starts_on=timezone.localdate(moments[0]),
        )
        movies.refresh_schedule(movie_id=movie.pk)
    for name, text in title.material:
        suffix = "py" if "python" in text[:40] else "txt"
        Material(movie=movie, title=name).file.save(f"{title.key}.{suffix}", ContentFile(text.encode()))
    if title.banner:
        Banner.objects.create(movie=movie, text=title.banner, order=place, starts_at=at - timedelta(days=1))
    _write_plays(movie, title, rng, at)
    _write_comments(movie, title, members, rng, at)
    movies.announce(movie_ids=[movie.pk])


def _moments(title: Title, at: datetime) -> list[datetime]:
    """When each part came out, the last one lately: at the hour of its updates, or a week after the other."""
    if not title.days:
        return [at - timedelta(days=7 * age) for age in reversed(range(len(title.parts)))]
    zone = timezone.get_current_timezone()
    days = (timezone.localdate(at) - timedelta(days=age) for age in range(100))
    slots = (datetime.combine(day, time(title.hour), zone) for day in days if day.weekday() in title.days)
    return list(islice((slot for slot in slots if slot <= at), len(title.parts)))[::-1]


def _write_episode(movie: Movie, number: int, part: Part, *, small: bool, at: datetime) -> None:
    length = footage.seconds(part, small=small)
    intro = part.intro if part.intro and part.intro[1] < length else (None, None)
    outro = part.outro if part.outro and part.outro < length else None
    episode = Episode.objects.create(
        movie=movie,
        number=number,
        title=part.title,
        intro_start=intro[0],
        intro_end=intro[1],
        outro_start=outro,
        created_at=at,
        available_at=at,  # soon: its film is made in the background
    )
    Chapter.objects.bulk_create(
        Chapter(episode=episode, starts_at=start, title=name) for start, name in part.chapters if start < length
    )


def _write_plays(movie: Movie, title: Title, rng: random.Random, at: datetime) -> None:
    """A month of days that make up about a third of all plays, weekends stronger, with a trend of the title's own."""
    today = timezone.localdate(at)
    trend = rng.uniform(-0.02, 0.035)
    days = [today - timedelta(days=age) for age in range(30)]
    weights = [
        (1.35 if day.weekday() >= 5 else 1.0) * (1 - trend) ** age * rng.uniform(0.8, 1.2)
        for age, day in enumerate(days)
    ]
    share = title.plays / 3 / sum(weights)
    PlayDay.objects.bulk_create(
        PlayDay(movie=movie, day=day, plays=round(weight * share)) for day, weight in zip(days, weights, strict=True)
    )


def _write_comments(movie: Movie, title: Title, members: list[User], rng: random.Random, at: datetime) -> None:
    users = rng.sample(members, len(title.comments))
    rows = Comment.objects.bulk_create(
        Comment(movie=movie, user=user, text=text) for user, text in zip(users, title.comments, strict=True)
    )
    for row in rows:
        Comment.objects.filter(pk=row.pk).update(created_at=at - timedelta(minutes=rng.randint(20, 18 * 24 * 60)))
    Movie.objects.filter(pk=movie.pk).update(comments_count=len(rows))

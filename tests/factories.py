"""Rows for tests, made plainly."""

from __future__ import annotations

import secrets
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from apps.media.models import Rendition, State, Storyboard, Video
from apps.movies.models import Access, Category, Episode, Movie, Status
from apps.orders import services as orders
from apps.orders.gateways import Trade, TradeStatus
from apps.orders.models import Order, Plan
from apps.users.models import Membership, User
from utils.storages import videos

_number = count(1)


def make_user(**fields: Any) -> User:
    name = fields.pop("username", f"user{next(_number)}")
    return User.objects.create_user(name, password=fields.pop("password", "right horse battery"), **fields)


def make_member() -> User:
    user = make_user()
    now = timezone.now()
    Membership.objects.create(user=user, starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=30))
    return user


def make_category(slug: str = "film") -> Category:
    return Category.objects.get_or_create(slug=slug, defaults={"name": slug})[0]


def make_movie(**fields: Any) -> Movie:
    values: dict[str, Any] = {
        "title": f"影片{next(_number)}",
        "category": fields.pop("category", None) or make_category(),
        "status": Status.PUBLISHED,
        "published_at": timezone.now(),
    }
    return Movie.objects.create(**{**values, **fields})


def make_paid_movie(**fields: Any) -> Movie:
    """A title that is sold on its own, at the prices as shipped: 10 yuan, 5 for members."""
    movie = make_movie(access=Access.PAID, **fields)
    movie.refresh_from_db()  # the prices as the database gives them
    return movie


def make_video(*, duration: float = 20, preview: bool = False) -> Video:
    """A video that looks encoded: rows with real small files, no picture in them."""
    now = timezone.now()
    video = Video.objects.create(
        original="x", original_name="x.mp4", size=1, sha256="0" * 64, state=State.READY, ready_at=now,
        duration=duration,
        preview_seconds=8 if preview else 0, preview_duration=8 if preview else 0, width=640, height=360,
    )  # fmt: skip
    for variant in [Rendition.Variant.FULL, *([Rendition.Variant.PREVIEW] if preview else [])]:
        for kind, name in ((Rendition.Kind.VIDEO, "360p"), (Rendition.Kind.AUDIO, "a0")):
            path = f"{variant}/{video.pk}/{name}-{next(_number)}.mp4"
            videos().save(path, ContentFile(b"0" * 1000))
            Rendition.objects.create(
                video=video, kind=kind, variant=variant, name=name, file=path, size=1000, codecs="avc1.64001e",
                width=640, height=360, frame_rate=25, bandwidth=800_000, average_bandwidth=600_000,
                duration=duration, init_length=100,
                segments=[[100, 450, 4.0], [550, 450, 4.0]],
            )  # fmt: skip
    Storyboard.objects.create(
        video=video, files=["s.jpg"], interval=2, columns=10, rows=10, tile_width=160, tile_height=90, count=10
    )
    return video


def make_episode(*, access: str = Access.FREE, number: int = 1, movie: Movie | None = None, **video: Any) -> Episode:
    movie = movie or make_movie(access=access)
    return Episode.objects.create(movie=movie, number=number, video=make_video(preview=access != Access.FREE, **video))


def make_plan(**fields: Any) -> Plan:
    return Plan.objects.create(**{"name": "月卡", "price": Decimal("25.00"), "days": 30, **fields})


def make_sale(*, user: User, item: Plan | Movie | None = None, amount: str = "") -> Order:
    """An order that the gateway said was paid; without an item, `amount` yuan for the wallet."""
    at = timezone.now()
    if item is None:
        order = orders.place_top_up(user=user, amount=Decimal(amount), at=at)
    else:
        order = orders.place_order(user=user, item=item, at=at)
    trade_no = f"{at:%Y%m%d}22001{secrets.randbelow(10**15):015d}"
    return orders.settle(
        trade=Trade("cashier", order.number, trade_no, TradeStatus.SUCCESS, order.amount, at, "vis***"), at=at
    )

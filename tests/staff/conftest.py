from __future__ import annotations

import pytest
from django.contrib import admin
from django.db.models import Model
from django.utils import timezone

from apps.community.models import Comment
from apps.media.models import State
from apps.movies.models import Banner, Genre, Language, Person, Region, Schedule, Tag
from apps.notices.models import Notice
from apps.orders.models import AlipayCertificate, Coupon, Notification, Payment, Refund
from apps.playback.models import Stream
from apps.search.models import BannedWord, HotSearch
from apps.users.models import AuditEntry
from tests.factories import make_episode, make_member, make_movie, make_plan, make_sale


@pytest.fixture
def rows(db) -> list[Model]:
    """At least a row of each model that the administration shows."""
    return make_rows()


@pytest.fixture(scope="module")
def shared_rows(module_db) -> list[Model]:
    """The same for all tests of a module."""
    return make_rows()


def make_rows() -> list[Model]:
    member, plan = make_member(), make_plan()
    order = make_sale(user=member, item=plan)
    episode = make_episode()
    draft = make_movie(status="draft", published_at=None)
    failed = make_episode(movie=draft).video
    failed.state = State.FAILED
    failed.save()
    Comment.objects.create(user=member, movie=episode.movie, text="好看")
    Genre.objects.create(name="动作", slug="action")
    Region.objects.create(name="大陆")
    Language.objects.create(name="粤语")
    Tag.objects.create(name="穿越")
    Person.objects.create(name="李安")
    Banner.objects.create(title="新片", movie=episode.movie)
    Schedule.objects.create(movie=episode.movie, weekdays=1, time="20:00", starts_on=timezone.localdate())
    Notice.objects.create(title="公告", body="今晚维护")
    Coupon.objects.create(code="SPRING", kind=Coupon.Kind.PERCENT, value=10)
    AuditEntry.objects.create(at=order.created_at, actor_name="x", path="/admin/", status=200)
    Refund.objects.create(payment=Payment.objects.get(), amount=1, number="R1", reason="x", created_at=order.created_at)
    Notification.objects.create(order=order, gateway="cashier", body="x=1", received_at=order.created_at)
    AlipayCertificate.objects.create(app_id="1", sn="0" * 32, content="x", fetched_at=order.created_at)
    make_sale(user=member, amount="10.00")
    at = order.created_at
    Stream.objects.create(user=member, player="x", episode=episode, began_at=at, seen_at=at)
    HotSearch.objects.create(folded="海", text="海", place=1)
    BannedWord.objects.create(folded="禁词", text="禁词")
    return [model._default_manager.order_by("pk").first() for model in admin.site._registry]

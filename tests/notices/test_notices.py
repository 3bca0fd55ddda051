"""Notices: shown in their time, the pinned one first, as plain text."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.notices.models import Notice

pytestmark = pytest.mark.django_db


@pytest.fixture
def now():
    return timezone.now()


def test_a_notice_is_shown_from_its_start_until_its_end(client, now):
    hour = timedelta(hours=1)
    Notice.objects.create(title="已过", starts_at=now - 2 * hour, ends_at=now - hour)
    Notice.objects.create(title="将来", starts_at=now + hour)
    Notice.objects.create(title="现在", starts_at=now - hour, ends_at=now + hour)
    for address in ("/notices/", "/"):
        text = client.get(address).content.decode()
        assert "现在" in text
        assert "已过" not in text
        assert "将来" not in text


def test_the_period_holds_its_start_and_not_its_end(now):
    later = now + timedelta(hours=1)
    notice = Notice.objects.create(title="一小时", starts_at=now, ends_at=later)
    assert Notice.objects.shown(now).get() == notice
    assert not Notice.objects.shown(later).exists()


def test_the_pinned_one_stands_first_and_alone_on_the_home_page(client, now):
    Notice.objects.create(title="置顶公告", pinned=True, starts_at=now - timedelta(days=9))
    Notice.objects.create(title="最新公告", starts_at=now - timedelta(minutes=1))
    assert [n.title for n in client.get("/notices/").context["notices"]] == ["置顶公告", "最新公告"]
    home = client.get("/").content.decode()
    assert "置顶公告" in home
    assert "最新公告" not in home


def test_the_text_is_never_markup(client):
    Notice.objects.create(title="<b>题</b>", body="<script>alert(1)</script>\n\n第二段")
    text = client.get("/notices/").content.decode()
    assert "<script>alert" not in text
    assert "<b>题" not in text
    assert "<p>第二段</p>" in text


def test_without_notices_the_page_says_so(client):
    assert "暂无公告" in client.get("/notices/").content.decode()

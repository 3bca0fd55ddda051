"""Hot searches: who counts, how they decay, what administrators do to them, and what happens without Redis."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from apps.search import services
from apps.search.models import BannedWord, HotSearch
from tests.factories import make_movie, make_user
from utils.redis import breaker

hot = services.hot
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("live_index")]
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def _search(text: str, address: str = "192.0.2.1", user: Any = None, at: datetime = NOW) -> bool:
    return hot.count(text=text, viewer=user or AnonymousUser(), address=address, at=at)


def _searched(text: str, viewers: int, at: datetime = NOW) -> None:
    for number in range(viewers):
        assert _search(text, f"198.51.{number // 250}.{number % 250 + 1}", at=at)


def _shown(at: datetime = NOW) -> list[str]:
    return [row.text for row in hot.shown(at=at)]


@pytest.fixture
def titles() -> None:
    for title in ("流浪地球", "海岸线", "星河"):
        make_movie(title=title)


def test_a_viewer_counts_once_a_day_in_any_spelling():
    assert _search("流浪地球")
    assert not _search("流浪地球")
    assert not _search(" 流浪・地球！")
    assert _search("海岸线")
    assert _search("流浪地球", at=NOW + timedelta(days=1))


def test_an_ipv6_subscriber_is_one_viewer_and_the_next_is_another():
    assert _search("星河", "2001:db8:1:2::1")
    assert not _search("星河", "2001:db8:1:2:ffff::9")
    assert _search("星河", "2001:db8:1:3::1")


def test_neither_many_addresses_of_an_account_nor_many_accounts_of_an_address_count_again():
    user = make_user()
    assert _search("星河", "192.0.2.1", user)
    assert not _search("星河", "192.0.2.2", user)
    assert not _search("星河", "192.0.2.1", make_user())
    assert _search("星河", "192.0.2.3", make_user())


def test_an_address_counts_for_sixty_texts_a_day():
    assert [_search(f"片{n}") for n in range(62)] == [True] * 60 + [False] * 2


def test_texts_without_letters_do_not_count():
    assert not _search("…!?")
    assert not _search("")


def test_the_hottest_come_first_and_three_viewers_are_needed(titles):
    _searched("海岸线", 3)
    _searched("流浪地球", 5)
    _searched("星河", 2)
    assert hot.flush(at=NOW) == 10
    assert _shown() == ["流浪地球", "海岸线"]
    assert hot.flush(at=NOW) == 0
    assert [round(row.viewers(NOW), 6) for row in hot.shown(at=NOW)] == [5, 3]


def test_a_viewer_counts_half_after_three_days(titles):
    _searched("流浪地球", 8)
    hot.flush(at=NOW)
    later = NOW + timedelta(days=3)
    assert round(HotSearch.objects.get().viewers(later), 6) == 4
    _searched("海岸线", 5, at=later)
    _searched("流浪地球", 2, at=later)
    hot.flush(at=later)
    assert [round(row.viewers(later), 6) for row in hot.shown(at=later)] == [6, 5]
    assert _shown(NOW + timedelta(days=12)) == []


def test_heat_outlasts_a_century(titles):
    far = datetime(2126, 1, 1, tzinfo=UTC)
    _searched("流浪地球", 4, at=far)
    hot.flush(at=far)
    assert round(HotSearch.objects.get().viewers(far), 6) == 4


def test_a_text_that_finds_nothing_any_more_is_hidden_until_it_does(titles):
    movie = make_movie(title="秘密计划")
    _searched("秘密计划", 4)
    hot.flush(at=NOW)
    assert _shown() == ["秘密计划"]
    type(movie).objects.filter(pk=movie.pk).update(status="withdrawn")
    hot.flush(at=NOW)
    assert _shown() == []
    type(movie).objects.filter(pk=movie.pk).update(status="published")
    hot.flush(at=NOW)
    assert _shown() == ["秘密计划"]


def test_pinned_texts_stand_first_in_their_order_and_banned_ones_nowhere(titles):
    _searched("流浪地球", 9)
    _searched("海岸线", 4)
    hot.flush(at=NOW)
    HotSearch.objects.create(folded="bb", text="乙", place=2)
    HotSearch.objects.create(folded="aa", text="甲", place=1)
    assert _shown() == ["甲", "乙", "流浪地球", "海岸线"]
    assert hot.ban(texts=["流浪"]) == 1
    assert _shown() == ["甲", "乙", "海岸线"]
    BannedWord.objects.all().delete()
    hot.refresh_bans()
    assert "流浪地球" in _shown()


def test_a_banned_word_is_banned_in_every_spelling(titles):
    make_movie(title="ＣＡＦÉ·流 浪")
    hot.ban(texts=["cafe"])
    _searched("ＣＡＦÉ·流 浪", 5)
    hot.flush(at=NOW)
    assert HotSearch.objects.get().banned
    assert _shown() == []
    assert hot.ban(texts=["Café"]) == 0


def test_only_the_hottest_are_kept_and_pins_stay(titles, monkeypatch):
    monkeypatch.setattr(hot, "KEPT", 2)
    HotSearch.objects.create(folded="x", text="钉", place=1)
    for text, viewers in (("流浪地球", 3), ("海岸线", 2), ("星河", 1)):
        _searched(text, viewers)
    hot.flush(at=NOW)
    assert set(HotSearch.objects.values_list("text", flat=True)) == {"钉", "流浪地球", "海岸线"}


def test_texts_beyond_those_that_wait_are_not_counted(monkeypatch):
    monkeypatch.setattr(hot, "WAITING", 1)
    assert _search("流浪地球")
    assert not _search("海岸线")
    assert _search("流浪地球", "192.0.2.7")


def test_without_redis_the_page_is_made_and_nothing_counts(client, titles):
    breaker.trip()
    try:
        assert client.get("/search/", {"q": "流浪"}).status_code == 200
        assert not _search("流浪地球")
    finally:
        breaker.reset()
    assert hot.flush(at=NOW) == 0


@pytest.mark.parametrize(
    ("query", "headers", "counted"),
    [
        ({"q": "流浪"}, {}, 1),
        ({"q": "流浪"}, {"Sec-Fetch-Site": "same-origin"}, 1),
        ({"q": "流浪"}, {"Sec-Fetch-Site": "cross-site"}, 0),
        ({"q": "流浪"}, {"Sec-Purpose": "prefetch"}, 0),
        ({"q": "流浪", "page": "2"}, {}, 0),
        ({"q": "流浪", "kind": "film"}, {}, 0),
        ({"q": "没有这部"}, {}, 0),
    ],
)
def test_a_search_counts_if_a_viewer_submitted_it_and_it_found_something(client, titles, query, headers, counted):
    client.get("/search/", query, headers=headers)
    assert hot.flush(at=timezone.now()) == counted


def test_a_picked_title_counts_by_its_name_if_it_is_listed(client, titles):
    movie, draft = make_movie(title="深海"), make_movie(title="秘密", status="draft")
    for pk in (movie.pk, draft.pk):
        answer = client.post("/search/picked/", {"movie": pk}, content_type="application/json")
        assert answer.json() == {"res": 0, "errmsg": ""}
    assert hot.flush(at=timezone.now()) == 1
    assert HotSearch.objects.get().text == "深海"


@pytest.mark.parametrize("body", ["x", "[]", "{}", '{"movie": "x"}', '{"movie": 1e400}', '{"movie": true}'])
def test_a_malformed_pick_is_refused(client, body):
    assert client.post("/search/picked/", body, content_type="application/json").status_code == 400


def test_a_pick_has_to_be_json(client):
    assert client.post("/search/picked/", {"movie": 1}).status_code == 415


def test_the_list_stands_on_the_search_page_and_where_nothing_was_found(client, titles):
    HotSearch.objects.create(folded="x", text="<b>热</b>", place=1)
    for query in ({}, {"q": "没有这部"}):
        page = client.get("/search/", query).content.decode()
        assert "&lt;b&gt;热&lt;/b&gt;" in page
        assert 'href="/search/?q=%3Cb%3E%E7%83%AD%3C%2Fb%3E"' in page
    found = client.get("/search/suggest/").json()["suggestions"]
    assert [(one["source"], one["text"]) for one in found] == [("hot", "<b>热</b>")]


def test_administrators_pin_and_ban_and_texts_are_unique(admin_client):
    add = "/admin/search/hotsearch/add/"
    assert admin_client.post(add, {"text": "流浪 地球", "place": "1"}).status_code == 302
    assert HotSearch.objects.get().folded == "流浪地球"
    assert "流浪 地球" in admin_client.post(add, {"text": "流浪·地球"}).context["errors"][0][0]
    assert admin_client.post(add, {"text": "！！"}).status_code == 200
    row = HotSearch.objects.get()
    data = {"action": "ban", "_selected_action": [row.pk]}
    admin_client.post("/admin/search/hotsearch/", data)
    assert BannedWord.objects.get().text == "流浪 地球"
    assert hot.shown(at=NOW) == []
    assert "流浪 地球" in admin_client.post(add, {"text": "流浪地球 2"}).context["errors"][0][0]
    admin_client.post(f"/admin/search/bannedword/{BannedWord.objects.get().pk}/delete/", {"post": "yes"})
    assert _shown() == ["流浪 地球"]

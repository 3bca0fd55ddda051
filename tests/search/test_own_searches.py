"""My searches: kept in the account, cleared one by one and at once, moved in from a browser, exported and erased."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from apps.search import services
from apps.search.models import RecentSearch
from apps.users import services as users
from tests.factories import make_movie, make_user

recent = services.recent
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("live_index")]
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture
def user(client):
    user = make_user()
    client.force_login(user)
    return user


def _post(client, **said):
    return client.post("/search/mine/", said, content_type="application/json")


def _milliseconds(at):
    return int(at.timestamp() * 1000)


def test_the_newest_stands_first_and_a_repetition_moves_up(user):
    for minute, text in enumerate(("海", "星河", "流浪", "海！")):
        recent.remember(user=user, text=text, at=NOW + timedelta(minutes=minute))
    assert recent.texts(user=user) == ["海！", "流浪", "星河"]


def test_twenty_are_kept(user):
    for number in range(25):
        recent.remember(user=user, text=f"片{number}", at=NOW + timedelta(seconds=number))
    assert recent.texts(user=user) == [f"片{number}" for number in range(24, 4, -1)]
    assert RecentSearch.objects.count() == 20


def test_a_submitted_search_that_found_something_is_remembered(client, user):
    make_movie(title="流浪地球")
    for query in ({"q": "流浪"}, {"q": "没有"}, {"q": "流浪", "page": "1", "sort": "date"}):
        client.get("/search/", query)
    assert recent.texts(user=user) == ["流浪"]


def test_a_picked_title_is_remembered(client, user):
    movie = make_movie(title="流浪地球")
    client.post("/search/picked/", {"movie": movie.pk}, content_type="application/json")
    assert recent.texts(user=user) == ["流浪地球"]


def test_they_are_cleared_one_by_one_and_all_at_once_and_only_ones_own(client, user):
    other = make_user()
    for one in (user, other):
        for minute, text in enumerate(("海", "星河", "流浪")):
            recent.remember(user=one, text=text, at=NOW + timedelta(minutes=minute))
    page = client.get("/search/").content.decode()
    assert page.index("流浪") < page.index("星河") < page.index("海")
    for _twice in range(2):
        assert client.post("/search/mine/", {"text": "星河"}).url == "/search/"
        assert recent.texts(user=user) == ["流浪", "海"]
    assert _post(client, text="海").json()["res"] == 0
    assert recent.texts(user=user) == ["流浪"]
    for _twice in range(2):
        client.post("/search/mine/", {"all": "1"})
        assert recent.texts(user=user) == []
    assert len(recent.texts(user=other)) == 3


def test_what_a_browser_kept_moves_in_once_in_order(client, user):
    recent.remember(user=user, text="海", at=timezone.now() - timedelta(hours=1))
    kept = [
        {"text": "星河", "at": _milliseconds(timezone.now() - timedelta(minutes=5))},
        {"text": "流浪", "at": _milliseconds(timezone.now() - timedelta(hours=2))},
        {"text": "海 ", "at": _milliseconds(timezone.now() - timedelta(hours=9))},
        {"text": "将来", "at": _milliseconds(timezone.now() + timedelta(days=900))},
    ]
    for _twice in range(2):
        assert _post(client, searches=kept).status_code == 200
        assert recent.texts(user=user) == ["将来", "星河", "海", "流浪"]
    assert RecentSearch.objects.get(text="将来").searched_at <= timezone.now()


@pytest.mark.parametrize(
    "body",
    ["x", "[]", '{"searches": 1}', '{"searches": ["海"]}', '{"searches": [{"text": "海"}]}',
     '{"searches": [{"text": "海", "at": "x"}]}', '{"searches": [{"text": "海", "at": 1e300}]}'],
)  # fmt: skip
def test_a_malformed_list_is_refused_and_nothing_is_kept(client, user, body):
    assert client.post("/search/mine/", body, content_type="application/json").status_code == 400
    assert recent.texts(user=user) == []


def test_without_an_account_nothing_is_kept_and_json_says_why(client):
    assert _post(client, searches=[{"text": "海", "at": 1}]).status_code == 401
    assert client.post("/search/mine/", {"all": "1"}).status_code == 302
    assert not RecentSearch.objects.exists()


def test_suggestions_begin_with_them(client, user):
    for text in ("海", "海岸线", "海啸", "星河"):
        recent.remember(user=user, text=text, at=NOW)
    found = client.get("/search/suggest/", {"q": "海"}).json()["suggestions"]
    assert [one["source"] for one in found] == ["mine", "mine"]
    assert len(client.get("/search/suggest/").json()["suggestions"]) == 4


def test_they_are_exported_and_erased_with_the_account(user):
    recent.remember(user=user, text="海", at=NOW)
    assert users.deletion.export(user=user)["searches"] == [{"text": "海", "searched_at": NOW}]
    users.deletion.delete_account(user=user, at=NOW)
    assert not RecentSearch.objects.exists()

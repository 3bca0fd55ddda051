"""Pages kept whole for viewers who aren't signed in."""

from __future__ import annotations

import gzip
import re
import time

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.community import services as community
from apps.community.models import Comment
from apps.movies import services
from apps.movies.models import Banner, Category, Movie
from apps.notices.models import Notice
from streamsite import page_cache
from tests.factories import make_category, make_episode, make_movie, make_user
from utils.cache import FRESH, VERSION

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def movie():
    return make_episode(movie=make_movie(title="潮汐之下", plays_week=3)).movie


def _addresses(movie):
    return [
        "/",
        "/comedy/all/1/",
        "/comedy/film/1/?sort=score",
        "/ranking/week/",
        "/notices/",
        f"/single/{movie.pk}/1/",
    ]


def test_the_second_anonymous_request_asks_the_database_nothing(movie, django_assert_num_queries):
    for address in _addresses(movie):
        first = Client().get(address)
        with django_assert_num_queries(0):
            second = Client().get(address)
        assert second.content == first.content, address
        assert second.headers["X-Frame-Options"] == first.headers["X-Frame-Options"]
        assert "Content-Security-Policy" in second.headers
        assert {"Cookie", "Accept-Language"} <= set(re.split(r",\s*", second.headers["Vary"]))


def test_a_kept_page_holds_no_token_and_sets_no_cookie(movie):
    for address in _addresses(movie):
        for _ in range(2):
            answer = Client().get(address)
            assert b"csrfmiddlewaretoken" not in answer.content, address
            assert not answer.cookies, address


def test_each_language_and_coding_gets_its_own(movie):
    chinese = Client().get("/").content.decode()
    english = Client().get("/", headers={"accept-language": "en"}).content.decode()
    assert 'lang="zh-hans"' in chinese
    assert 'lang="en"' in english
    assert Client().get("/").content.decode() == chinese
    packed = Client().get("/", headers={"accept-encoding": "gzip, br"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content).decode() == chinese
    assert len(packed.content) == int(packed.headers["Content-Length"])


def test_htmx_is_not_given_the_whole_page(movie):
    Client().get("/comedy/all/1/")
    part = Client().get("/comedy/all/1/", headers={"hx-request": "true"})
    assert b"<html" not in part.content
    assert b"<html" in Client().get("/comedy/all/1/").content


def test_a_signed_in_viewer_never_gets_or_leaves_a_kept_page(movie):
    Client().get("/")
    member = Client()
    member.force_login(make_user(username="阿明"))
    assert "阿明" in member.get("/").content.decode()
    assert "阿明" in member.get("/").content.decode()
    assert "阿明" not in Client().get("/").content.decode()
    member.get(f"/single/{movie.pk}/1/")
    assert "阿明" not in Client().get(f"/single/{movie.pk}/1/").content.decode()


def test_what_leaves_the_shelf_is_gone_with_the_next_request(movie):
    def shown():
        return "潮汐之下" in Client().get("/").content.decode()

    assert shown()
    services.withdraw(movies=[movie])
    assert not shown()
    services.publish(movies=[movie])
    assert shown()
    services.hide(movies=[movie])
    assert not shown()
    services.restore(movies=[movie])
    assert shown()


def test_a_change_that_is_rolled_back_renews_nothing(movie):
    Client().get("/")
    before = cache.get(VERSION)
    with transaction.atomic():
        services.withdraw(movies=[movie])
        transaction.set_rollback(True)
    assert cache.get(VERSION) == before
    services.withdraw(movies=[])
    assert cache.get(VERSION) == before


def test_a_page_made_while_something_changed_is_not_shown(movie, monkeypatch):
    """The view reads, the curator withdraws, the page is stored: the next request must not get it."""
    real = page_cache.to_entry

    def late(response, version):
        services.withdraw(movies=[movie])
        return real(response, version)

    monkeypatch.setattr(page_cache, "to_entry", late)
    assert "潮汐之下" in Client().get("/").content.decode()
    monkeypatch.undo()
    assert "潮汐之下" not in Client().get("/").content.decode()


def test_an_old_page_is_shown_while_one_request_renews_it(movie, monkeypatch, django_assert_num_queries):
    Client().get("/")
    Movie.objects.filter(pk=movie.pk).update(title="改了名")  # past the services: only time renews it
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + FRESH + 1)
    key = next(key for key in cache.iter_keys("page:*") if key.endswith(":/"))  # type: ignore[attr-defined]
    assert cache.add(f"{key}:renewing", 1, 10)  # another request is at it
    with django_assert_num_queries(0):
        assert "潮汐之下" in Client().get("/").content.decode()
    cache.delete(f"{key}:renewing")  # it died
    cache.delete_pattern("template.cache.*")  # type: ignore[attr-defined]
    assert "改了名" in Client().get("/").content.decode()
    with django_assert_num_queries(0):
        assert "改了名" in Client().get("/").content.decode()


def test_moderation_and_new_episodes_show_at_once(movie):
    comment = Comment.objects.create(movie=movie, user=make_user(), text="剧透！")
    address = f"/single/{movie.pk}/1/"
    assert "剧透" in Client().get(address).content.decode()
    community.hide_comments(comments=[comment], at=timezone.now())
    assert "剧透" not in Client().get(address).content.decode()
    before = cache.get(VERSION)
    services.refresh_episodes(movie_id=movie.pk)
    assert cache.get(VERSION) != before


def test_there_is_no_end_of_addresses_and_only_the_common_are_kept(movie):
    year = "/comedy/all/1/?year=2001&kind=film"
    for address in ("/?x=1", "/comedy/all/9/", year, "/comedy/all/1/?sort=nonsense", "/search/?q=潮", "/nowhere/"):
        Client().get(address)
    assert list(cache.iter_keys("page:*")) == []  # type: ignore[attr-defined]


def test_an_edit_in_the_administration_is_seen_at_once(movie):
    curator = Client()
    curator.force_login(make_user(is_staff=True, is_superuser=True))
    category, notice = make_category(), Notice.objects.create(title="旧公告")
    banner = Banner.objects.create(movie=movie, title="旧横幅")
    edits = [
        (category, {"name": "新分类", "slug": category.slug, "order": 0}, "新分类"),
        (notice, {"title": "新公告", "starts_at_0": "2020-01-01", "starts_at_1": "00:00:00"}, "新公告"),
        (
            banner,
            {"movie": movie.pk, "title": "新横幅", "order": 0, "starts_at_0": "2020-01-01", "starts_at_1": "00:00:00"},
            "新横幅",
        ),
    ]
    for row, form, words in edits:
        assert words not in Client().get("/").content.decode()
        name = f"admin:{row._meta.app_label}_{row._meta.model_name}"
        answer = curator.post(reverse(f"{name}_change", args=[row.pk]), form)
        assert answer.status_code == 302, answer.context["errors"]
        assert words in Client().get("/").content.decode()
    curator.post(reverse("admin:notices_notice_delete", args=[notice.pk]), {"post": "yes"})
    assert "新公告" not in Client().get("/").content.decode()
    assert Category.objects.get(pk=category.pk).name == "新分类"

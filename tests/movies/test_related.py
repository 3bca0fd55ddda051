"""Which titles are shown beside a title."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from apps.movies import services
from apps.movies.models import Audience
from tests.factories import make_category, make_movie

SOMEBODY = Audience(AnonymousUser(), timezone.now())

pytestmark = pytest.mark.django_db


def test_its_category_comes_first_and_others_fill_the_row(django_assert_num_queries):
    film, series = make_category("film"), make_category("series")
    movie = make_movie(category=series, plays_week=9)
    sibling = make_movie(category=series, plays_week=1)
    others = [make_movie(category=film, plays_week=n) for n in range(2, 8)]
    make_movie(category=series, plays_week=99, status="draft")
    make_movie(category=series, plays_week=99, deleted_at=timezone.now())
    with django_assert_num_queries(1):
        similar, hottest = services.related(movie, SOMEBODY, similar=3, hottest=4)
    assert similar == [sibling, others[5], others[4]]
    assert hottest == [others[5], others[4], others[3], others[2]]


def test_a_title_alone_has_no_neighbours():
    assert services.related(make_movie(), SOMEBODY, similar=3, hottest=4) == ([], [])

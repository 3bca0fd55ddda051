"""Films of the demo are made one after the other, even if the broker delivers a task twice."""

from __future__ import annotations

import pytest
from celery import current_app
from django.core.cache import cache

from apps.movies.models import Episode
from deploy.demo.services import films
from tests.factories import make_episode, make_movie
from utils.tasks import queue_length

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def titles() -> list[Episode]:
    """Of three first episodes, in the order of their turns, one has a film."""
    with current_app.connection_for_write() as connection:
        connection.default_channel.client.delete("media_long")  # type: ignore[attr-defined]
    cache.delete(films.FILMING)
    made = [make_movie(original_title=title.original) for title in films.TITLES[:3]]  # type: ignore[attr-defined]
    rows = [Episode.objects.create(movie=movie, number=1) for movie in made]
    first = min(rows, key=films._urgency)
    Episode.objects.filter(pk=first.pk).update(video=make_episode().video)
    first.refresh_from_db()
    return sorted(rows, key=films._urgency)


def test_a_film_that_is_given_out_twice_brings_the_next_one_once(titles):
    first, second, _third = titles
    for _ in range(3):
        films.make_video(episode_id=first.pk)
    assert queue_length("media_long") == 1
    assert cache.get(films.FILMING) == second.pk


def test_a_second_start_begins_no_second_chain_and_a_restart_takes_it_up_where_it_was_cut(titles):
    assert films.queue_films() == films.queue_films() == 2
    assert queue_length("media_long") == 1
    films.queue_films(restarted=True)
    assert queue_length("media_long") == 2
    assert cache.get(films.FILMING) == titles[1].pk


def test_a_chain_goes_on_after_the_cache_was_emptied(titles):
    films.make_video(episode_id=titles[0].pk)
    cache.delete(films.FILMING)
    films.make_video(episode_id=titles[0].pk)
    assert queue_length("media_long") == 2

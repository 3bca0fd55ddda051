"""How long the addresses of stored files are good."""

from __future__ import annotations

import re
import time
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone

from apps.movies.models import Access
from apps.users.models import Membership
from tests.factories import make_episode, make_member

pytestmark = pytest.mark.django_db


def expires_at(client, episode) -> int:
    answer = client.get(reverse("playback:rendition", args=[episode.movie_id, 1, "360p"]))
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "private, no-store"
    return int(re.search(rb"&ts=(\d+)", answer.content).group(1))


def test_what_is_free_has_one_address_for_everybody(client, settings):
    episode = make_episode()
    mine = expires_at(client, episode)
    client.force_login(make_member())
    assert expires_at(client, episode) == mine
    assert 0.7 * settings.TOKEN_TTL < mine - time.time() <= settings.TOKEN_TTL


def test_a_long_title_has_time_to_be_watched_with_pauses(client):
    episode = make_episode(duration=20 * 3600)
    assert expires_at(client, episode) - time.time() > 1.4 * 20 * 3600


def test_what_is_not_free_is_good_no_longer_than_the_session(client, settings):
    episode = make_episode(access=Access.VIP)
    client.force_login(make_member())
    assert abs(expires_at(client, episode) - time.time() - settings.TOKEN_TTL) < 60
    end = timezone.now() + timedelta(minutes=10)
    Session.objects.update(expire_date=end)
    assert abs(expires_at(client, episode) - end.timestamp()) < 2


def test_what_is_for_members_is_good_no_longer_than_the_membership(client):
    episode = make_episode(access=Access.VIP)
    client.force_login(make_member())
    end = timezone.now() + timedelta(minutes=3)
    Membership.objects.update(ends_at=end)
    assert abs(expires_at(client, episode) - end.timestamp()) < 2


def test_a_preview_needs_no_session(client, settings):
    episode = make_episode(access=Access.VIP)
    assert abs(expires_at(client, episode) - time.time() - settings.TOKEN_TTL) < 60

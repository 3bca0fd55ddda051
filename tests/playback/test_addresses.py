"""How long the addresses of stored files are good."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from urllib.parse import urlsplit

import m3u8
import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.media.models import Rendition
from apps.media.services.storage import discard_later
from apps.movies.models import Access, Movie
from apps.playback.models import Stream
from apps.users.models import Membership
from tests.factories import make_episode, make_member, make_user

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


@pytest.mark.parametrize("duration", [20, 20 * 3600])
def test_what_is_not_free_is_good_for_minutes_within_the_session(client, duration):
    episode = make_episode(access=Access.VIP, duration=duration)
    client.force_login(make_member())
    assert abs(expires_at(client, episode) - time.time() - 600) < 20
    end = timezone.now() + timedelta(minutes=3)
    Session.objects.update(expire_date=end)
    assert abs(expires_at(client, episode) - end.timestamp()) < 2


def test_what_is_for_members_is_good_no_longer_than_the_membership(client):
    episode = make_episode(access=Access.VIP)
    client.force_login(make_member())
    end = timezone.now() + timedelta(minutes=3)
    Membership.objects.update(ends_at=end)
    assert abs(expires_at(client, episode) - end.timestamp()) < 2


def test_a_preview_is_anybodys(client, settings):
    episode = make_episode(access=Access.VIP)
    assert abs(expires_at(client, episode) - time.time() - settings.TOKEN_TTL) < 60
    client.force_login(make_user())
    assert abs(expires_at(client, episode) - time.time() - settings.TOKEN_TTL) < 60


def renewed(client, episode, **who) -> list[str]:
    """What the player's renewal gives: addresses, or the reason why it gives none."""
    answer = client.get(reverse("playback:addresses", args=[episode.movie_id, 1]), who, headers={"Accept": "*/*"})
    assert answer["Cache-Control"] == "private, no-store"
    return answer.json()["files"] if answer.status_code == 200 else [answer.json()["reason"]]


def paths(addresses: list[str]) -> set[str]:
    return {urlsplit(address).path for address in addresses}


def opened(client, address: str) -> int:
    """How the address of a file answers."""
    answer = client.get(address)
    b"".join(answer)
    return answer.status_code


@pytest.fixture
def watching(client):
    """A member at a film, and the addresses that its player has."""
    episode, member = make_episode(access=Access.VIP), make_member()
    client.force_login(member)
    return episode, member, renewed(client, episode, player="p")


def test_a_player_has_all_its_files_renewed(client, watching):
    episode, _, files = watching
    rows = Rendition.objects.filter(video=episode.video, variant="full")
    assert paths(files) == {f"/v/{row.file}" for row in rows}
    assert {opened(client, address) for address in files} == {200}
    assert paths(renewed(client, episode, player="p")) == paths(files)


def test_a_strangers_player_gets_the_previews_files_only(client):
    episode = make_episode(access=Access.VIP)
    rows = Rendition.objects.filter(video=episode.video, variant="preview")
    assert paths(renewed(client, episode)) == {f"/v/{row.file}" for row in rows}


def test_files_that_an_encode_replaced_are_renewed_while_they_are_there(client, watching):
    episode, _, files = watching
    old = Rendition.objects.get(video=episode.video, variant="full", name="360p")
    discard_later([old.file], video=episode.video, at=timezone.now())
    Rendition.objects.filter(pk=old.pk).update(file="new.mp4")
    assert paths(renewed(client, episode, player="p")) == paths(files) | {"/v/new.mp4"}
    client.logout()
    assert f"/v/{old.file}" not in paths(renewed(client, episode))  # a stranger's preview has none of the whole title


def _signs_out(client, episode, member):
    client.post(reverse("users:logout"))


def _signed_out_elsewhere(client, episode, member):
    Session.objects.all().delete()


def _deactivated(client, episode, member):
    type(member).objects.update(is_active=False)


def _membership_ends(client, episode, member):
    Membership.objects.update(ends_at=timezone.now())


@pytest.mark.parametrize("end", [_signs_out, _signed_out_elsewhere, _deactivated, _membership_ends])
def test_nothing_of_the_film_is_renewed_after(client, watching, end):
    episode, member, files = watching
    end(client, episode, member)
    assert not paths(renewed(client, episode, player="p")) & paths(files)
    address = reverse("playback:title_file", args=[episode.movie_id, 1, _name(files)])
    assert client.get(address, headers={"Accept": "*/*"}).status_code == 404


def test_a_player_that_was_stopped_gets_nothing_renewed(client, watching):
    episode, _, files = watching
    Stream.objects.update(stopped_at=timezone.now())
    assert renewed(client, episode, player="p") == ["stopped"]
    address = reverse("playback:title_file", args=[episode.movie_id, 1, _name(files)])
    assert client.get(address, {"player": "p"}).json()["reason"] == "stopped"


@pytest.mark.parametrize("access", [Access.VIP, Access.PAID])
def test_addresses_of_a_title_that_became_paid_are_renewed_for_entitled_viewers(client, access):
    episode = make_episode()
    client.force_login(make_user())
    assert len(renewed(client, episode)) == 2
    episode.movie.access = access
    episode.movie.save()
    assert renewed(client, episode) == ["vip" if access == Access.VIP else "buy"]
    client.force_login(make_user(is_staff=True, is_superuser=True))
    assert len(renewed(client, episode)) == 2


def test_a_title_that_went_off_the_shelf_is_not_renewed(client, watching):
    episode, *_ = watching
    Movie.objects.update(status="withdrawn")
    assert client.get(reverse("playback:addresses", args=[episode.movie_id, 1])).status_code == 404


def _name(files: list[str]) -> str:
    return urlsplit(files[0]).path.removeprefix("/v/")


def test_a_renewal_costs_few_queries(client, watching, django_assert_num_queries):
    episode, *_ = watching
    # session, user, episode, membership, place, session's end, membership's end, renditions, subtitles, replaced files
    with django_assert_num_queries(10):
        renewed(client, episode, player="p")


def test_a_native_player_has_addresses_that_ask_for_its_session(client, watching):
    episode, _, files = watching
    native = {"player": "p", "native": "1"}
    master = m3u8.loads(client.get(reverse("playback:master", args=[episode.movie_id, 1]), native).content.decode())
    playlist = m3u8.loads(client.get(master.playlists[0].uri).content.decode())
    addresses = [playlist.segment_map[0].uri, *(s.uri for s in playlist.segments)]
    assert len(addresses) == 3
    assert not any("st=" in address or "/v/" in address for address in addresses)
    for address in addresses:
        led = client.get(address)
        assert (led.status_code, led["Cache-Control"]) == (302, "private, no-store")
        assert urlsplit(led["Location"]).path in paths(files)
        assert opened(client, led["Location"]) == 200
    assert Client().get(addresses[0]).status_code == 404  # a stranger has no such file
    Stream.objects.update(stopped_at=timezone.now())
    assert client.get(addresses[0]).status_code == 403


def test_a_native_player_of_what_is_free_has_signed_addresses(client):
    episode = make_episode()
    address = reverse("playback:rendition", args=[episode.movie_id, 1, "360p"])
    assert b"/v/" in client.get(address, {"native": "1"}).content


def test_another_titles_file_is_not_found(client, watching):
    other = make_episode(access=Access.PAID)
    name = Rendition.objects.filter(video=other.video, variant="full").first().file
    episode, *_ = watching
    assert client.get(reverse("playback:title_file", args=[episode.movie_id, 1, name])).status_code == 404

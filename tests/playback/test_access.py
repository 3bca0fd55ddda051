"""Which viewers may watch which titles, and that a preview never leads to the rest."""

from __future__ import annotations

import re

import m3u8
import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone

from apps.media.models import Rendition, Storyboard, Subtitle
from apps.movies.models import Access, Audience, Movie, Status
from apps.playback import services
from apps.users.models import Membership
from tests.factories import make_episode, make_member, make_user
from utils.storages import videos

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("access", "who", "kind", "reason"),
    [
        (Access.FREE, "anonymous", "full", ""),
        (Access.FREE, "user", "full", ""),
        (Access.VIP, "anonymous", "preview", "sign_in"),
        (Access.VIP, "user", "preview", "vip"),
        (Access.VIP, "member", "full", ""),
        (Access.VIP, "lapsed", "preview", "vip"),
        (Access.VIP, "staff", "full", ""),
        (Access.PAID, "anonymous", "preview", "sign_in"),
        (Access.PAID, "member", "preview", "buy"),
        (Access.PAID, "staff", "full", ""),
    ],
)
def test_what_each_viewer_gets(access, who, kind, reason):
    viewer = {  # type: ignore[operator]
        "anonymous": AnonymousUser,
        "user": make_user,
        "member": make_member,
        "lapsed": make_member,
        "staff": lambda: make_user(is_staff=True, is_superuser=True),
    }[who]()
    if who == "lapsed":
        Membership.objects.update(ends_at=timezone.now())
    grant = services.authorize(audience=Audience(viewer, timezone.now()), episode=make_episode(access=access))
    assert (grant.kind, grant.reason) == (kind, reason)


def _files(client, episode) -> set[str]:
    """Every stored file that the playlists a viewer can reach name."""
    where = [episode.movie_id, episode.number]
    answer = client.get(reverse("playback:master", args=where))
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    found = m3u8.loads(answer.content.decode())
    addresses = [p.uri for p in found.playlists] + [m.uri for m in found.media if m.uri]
    assert addresses
    files = set()
    for address in addresses:
        text = client.get(address).content.decode()
        files |= set(re.findall(r"/v/([^?\"]+)", text))
    return files


def test_a_stranger_reaches_only_preview_files(client):
    episode = make_episode(access=Access.VIP)
    rows = Rendition.objects.filter(video=episode.video)
    assert _files(client, episode) == set(rows.filter(variant="preview").values_list("file", flat=True))
    client.force_login(make_member())
    assert _files(client, episode) == set(rows.filter(variant="full").values_list("file", flat=True))


def test_a_preview_has_the_words_of_the_preview_only(client):
    episode = make_episode(access=Access.VIP)
    text = "WEBVTT\n\n1\n00:01.000 --> 00:02.000\n早上好\n\n00:01:40.000 --> 00:01:42.000\n凶手是他\n"
    name = videos().save("words.vtt", ContentFile(text.encode()))
    row = Subtitle.objects.create(video=episode.video, language="zh", label="中文", file=name)
    episode.video.preview_duration, episode.video.duration = 60, 120
    episode.video.save()
    where = [episode.movie_id, 1, row.pk]
    playlist = m3u8.loads(client.get(reverse("playback:subtitle", args=where)).content.decode())
    [segment] = playlist.segments
    answer = client.get(segment.uri)
    assert (answer.status_code, answer["Content-Type"], answer["Cache-Control"]) == (
        200,
        "text/vtt",
        "private, no-store",
    )
    assert "早上好" in answer.content.decode()
    assert "凶手" not in answer.content.decode()
    client.force_login(make_member())
    assert name in client.get(reverse("playback:subtitle", args=where)).content.decode()


def test_the_storyboard_of_a_vip_title_stays_shut(client):
    episode = make_episode(access=Access.VIP)
    assert client.get(reverse("playback:storyboard", args=[episode.movie_id, 1])).status_code == 403


def test_a_free_title_has_pictures_for_everyone_or_an_empty_list(client):
    episode = make_episode()
    address = reverse("playback:storyboard", args=[episode.movie_id, 1])
    assert re.findall(r"/v/s\.jpg\?\S+#xywh=(\S+)", client.get(address).content.decode())[:2] == [
        "0,0,160,90",
        "160,0,160,90",
    ]
    Storyboard.objects.all().delete()
    answer = client.get(address)
    assert (answer.status_code, answer["Content-Type"], answer.content) == (200, "text/vtt", b"WEBVTT\n")


@pytest.mark.parametrize("status", [Status.DRAFT, Status.WITHDRAWN])
def test_what_is_not_on_the_shelf_is_not_found(client, status):
    episode = make_episode()
    Movie.objects.update(status=status)
    for name in ("watch", "master", "storyboard"):
        assert client.get(reverse(f"playback:{name}", args=[episode.movie_id, 1])).status_code == 404
    client.force_login(make_user(is_staff=True, is_superuser=True))
    assert client.get(reverse("playback:watch", args=[episode.movie_id, 1])).status_code == 200


def test_a_deleted_title_is_not_found(client):
    episode = make_episode()
    Movie.objects.update(deleted_at=timezone.now())
    assert client.get(reverse("playback:watch", args=[episode.movie_id, 1])).status_code == 404


def test_a_vip_title_too_short_for_a_preview_goes_straight_to_the_gate(client):
    episode = make_episode(access=Access.VIP)
    episode.video.renditions.filter(variant="preview").delete()
    type(episode.video).objects.filter(pk=episode.video.pk).update(preview_duration=0)
    assert client.get(reverse("playback:master", args=[episode.movie_id, 1])).status_code == 403
    page = client.get(reverse("playback:watch", args=[episode.movie_id, 1]))
    assert page.context["gate"]["kind"] == "refused"
    assert page.context["player"]["master"] == ""

"""Addresses for a CDN, against examples that its vendors published, and where the site hands them out.

Alibaba Cloud: help.aliyun.com documents 85113 to 85115. Tencent Cloud: cloud.tencent.com/document/product/228/41623 to
41626, and tencentyun/qcloud-documents on GitHub; EdgeOne, of the same rules: 1145/62475 to 62478. Tencent's document of
CDN's type C contradicts itself (one of its examples is decimal and hashes the time before the path); EdgeOne's doesn't.
"""

from __future__ import annotations

import re
import subprocess
import time

import m3u8
import pytest
from django.core.files.base import ContentFile
from django.core.signals import setting_changed
from django.urls import reverse

from apps.media.models import Subtitle
from apps.movies.models import Access, Material
from tests.deploy.cdn import Refused, opened
from tests.factories import make_episode, make_member
from utils.cdn import SCHEMES, Stamped, write
from utils.signing import sign
from utils.storages import private

ALIYUN = "aliyuncdnexp1234"
TENCENT = "dimtm5evg50ijsx2hvuwyfoiu65"
EDGEONE = "DvYmqE81E1F9R791H6lmht"
MP3 = "/4/44/44c0909bcfc20a01afaf256ca99a8b8b.mp3"
PULL_SECRET = "what-the-cdn-says-0123456789-abcdef"
HASH = "[0-9a-f]{32}"
KEYS = {"aliyun": ALIYUN, "tencent": TENCENT}


@pytest.mark.parametrize(
    ("kind", "made", "expected"),
    [
        ("aliyun-a", Stamped("/video/standard/test.mp4", ALIYUN, 1444435200),
         "/video/standard/test.mp4?auth_key=1444435200-0-0-23bf85053008f5c0e791667a313e28ce"),
        ("aliyun-b", Stamped(MP3, ALIYUN, 1439596800), f"/201508150800/9044548ef1527deadafa49a890a377f0{MP3}"),
        ("aliyun-c", Stamped("/test.flv", ALIYUN, 0x55CE8100), "/a37fa50a5fb8f71214b1e7c95ec7a1bd/55CE8100/test.flv"),
        ("tencent-a", Stamped("/test.jpg", TENCENT, 1582791032, "im1acp76sx9sdqe601v"),
         "/test.jpg?sign=1582791032-im1acp76sx9sdqe601v-0-3fbb88382c9356b6faaf9d68c7b2ae3a"),
        ("tencent-b", Stamped("/test.jpg", TENCENT, 1582791000),
         "/202002271610/2e03a07cfa55a47768226d3e5ea82a8d/test.jpg"),
        ("tencent-b", Stamped("/foo.jpg", EDGEONE, 1721028780),
         "/202407151533/d1f0b51c6894231fc12e054fcc7f0b3e/foo.jpg"),
        ("tencent-c", Stamped("/foo.jpg", EDGEONE, 0x6694D30A), "/6688749e8906a726c12fe1be3aacd016/6694d30a/foo.jpg"),
        ("tencent-d", Stamped("/test.jpg", TENCENT, 1582791032),
         "/test.jpg?sign=900a5049aa8ac1ab144527d9c2be4cea&t=1582791032"),
        ("tencent-d", Stamped("/foo.jpg", EDGEONE, 1721029907),
         "/foo.jpg?sign=cadcec4a04e67b9c2abf4b61c642a0dd&t=1721029907"),
    ],
)  # fmt: skip
def test_addresses_are_those_that_the_vendors_published(kind, made, expected):
    assert write(kind, made) == expected


def test_type_f_has_the_formula_of_type_c_as_its_document_says(settings):
    """No published example was found: the hash is the one of type C's, whose text is the same."""
    settings.CDN_HEXADECIMAL = True
    found = write("aliyun-f", Stamped("/test.flv", ALIYUN, 0x55CE8100))
    digest = subprocess.run(
        ["openssl", "md5"], input=f"{ALIYUN}/test.flv55ce8100".encode(), capture_output=True, check=True
    )
    assert found == f"/test.flv?sign={digest.stdout.split()[-1].decode()}&time=55ce8100"


def test_parameters_may_have_other_names(settings):
    settings.CDN_PARAMETERS = ["s", "until"]
    assert re.fullmatch(rf"/a\?s={HASH}&until=5", write("tencent-d", Stamped("/a", TENCENT, 5)))
    settings.CDN_PARAMETERS = ["key"]
    assert write("aliyun-a", Stamped("/a", ALIYUN, 5)).startswith("/a?key=5-0-0-")


@pytest.fixture(params=SCHEMES)
def kind(settings, request) -> str:
    settings.CDN_URL, settings.CDN_SIGNING = "https://cdn.example", request.param
    settings.CDN_KEY = KEYS[request.param.split("-")[0]]
    settings.CDN_PULL_SECRET = PULL_SECRET
    return str(request.param)


@pytest.mark.parametrize("validity", [0, 1800])
@pytest.mark.parametrize("expires_at", [1_800_000_000, 1_800_000_001, 1_800_000_059])
def test_an_address_lives_until_its_expiry_whatever_the_consoles_validity(settings, kind, validity, expires_at):
    settings.CDN_VALIDITY = validity
    address = sign("/v/片 头+1.mp4", expires_at=expires_at).removeprefix("https://cdn.example")
    keys = [settings.CDN_KEY]
    last = -(-expires_at // 60) * 60 if kind.endswith("b") else expires_at
    for now in (0, expires_at - 1, last):
        assert opened(kind, address, keys, validity, now=now) == "/v/%E7%89%87%20%E5%A4%B4%2B1.mp4"
    for now, known, asked in ((last + 1, keys, address), (0, ["another0123456789"], address), (0, keys, address + "x")):
        with pytest.raises(Refused):
            opened(kind, asked, known, validity, now=now)
    assert address.isascii()


def test_beijing_is_the_time_of_type_b_wherever_the_site_is(settings, kind):
    settings.CDN_SIGNING, settings.CDN_VALIDITY = "aliyun-b", 0
    for zone in ("UTC", "America/New_York"):
        settings.TIME_ZONE = zone
        setting_changed.send(sender=None, setting="TIME_ZONE", value=zone, enter=True)
        assert sign("/v/a", expires_at=1439596800).startswith("https://cdn.example/201508150800/")


@pytest.fixture
def course(db) -> tuple[int, Material]:
    """A course for members with all that is stored of it."""
    episode = make_episode(access=Access.VIP, number=1)
    Subtitle.objects.create(video=episode.video, file="full/1/a.vtt", label="中文", language="zh")
    episode.movie.kind = "course"
    episode.movie.save()
    material = Material(movie=episode.movie, title="讲义")
    material.file.save("讲义.pdf", ContentFile(b"text"))
    return episode.movie_id, material


def _addresses(client, movie: int, material: Material) -> list[str]:
    """All that a member's player and browser are given for the stored files."""
    master = client.get(reverse("playback:master", args=[movie, 1]), {"player": "a"}).content.decode()
    playlists = m3u8.loads(master)
    found = []
    for one in [*(p.uri for p in playlists.playlists), *(m.uri for m in playlists.media if m.uri)]:
        playlist = m3u8.loads(client.get(one).content.decode())
        found += [part.uri for part in playlist.segment_map] + [part.uri for part in playlist.segments]
    sheet = client.get(reverse("playback:storyboard", args=[movie, 1]), {"player": "a"}).content.decode()
    found += [line.split("#xywh")[0] for line in sheet.splitlines() if "#xywh" in line]
    found += client.get(reverse("playback:addresses", args=[movie, 1]), {"player": "a"}).json()["files"]
    return [*found, client.get(reverse("playback:material", args=[material.pk])).url]


def test_all_that_a_player_is_given_is_signed_for_the_cdn(settings, kind, client, course):
    client.force_login(make_member())
    addresses = _addresses(client, *course)
    private().delete(course[1].file.name)
    assert len(addresses) > 8
    paths = set()
    for address in addresses:
        assert address.startswith("https://cdn.example/"), address
        sent = address.split("#")[0].removeprefix("https://cdn.example")  # a browser keeps the fragment
        paths.add(opened(kind, sent, [settings.CDN_KEY], settings.CDN_VALIDITY, now=time.time()))
        with pytest.raises(Refused):  # an address of what isn't free lives for ADDRESS_TTL
            opened(kind, sent, [settings.CDN_KEY], settings.CDN_VALIDITY, now=time.time() + settings.ADDRESS_TTL + 60)
    assert {path.rpartition(".")[2] for path in paths} >= {"mp4", "vtt", "jpg", "pdf"}
    assert "?" not in "".join(paths)


def test_the_pieces_of_a_file_have_addresses_of_their_own(kind, client, course):
    client.force_login(make_member())
    master = m3u8.loads(client.get(reverse("playback:master", args=[course[0], 1])).content.decode())
    playlist = m3u8.loads(client.get(master.playlists[0].uri).content.decode())
    assert len({part.uri for part in playlist.segments}) == len(playlist.segments) > 1
    assert len({part.uri.split("#")[0] for part in playlist.segments}) == 1


def test_the_origin_gives_files_to_the_cdn_and_to_nobody_else(settings, kind, client, course):
    settings.CDN_PULL_SECRET_FALLBACKS = ["what-the-cdn-said-before-0123456789"]
    stored = f"/v/{course[1].file.name}"
    for said, status in (
        (PULL_SECRET, 200), (settings.CDN_PULL_SECRET_FALLBACKS[0], 200), ("", 403), (PULL_SECRET[:-1], 403),
        (PULL_SECRET + "x", 403), (PULL_SECRET.upper(), 403), ("片", 403),
    ):  # fmt: skip
        assert client.get(stored, headers={"X-Streamsite-Pull": said}).status_code == status, said
    settings.CDN_PULL_SECRET, settings.CDN_PULL_SECRET_FALLBACKS = "", []
    assert client.get(stored, headers={"X-Streamsite-Pull": ""}).status_code == 403
    assert client.get(stored).status_code == 403


def test_what_the_cdn_gets_may_be_kept_and_read_by_scripts(client, db, kind):
    stored = f"/v/{make_episode().video.renditions.first().file}"
    said = {"X-Streamsite-Pull": PULL_SECRET}
    film = client.get(stored, headers=said | {"Range": "bytes=5-9"})
    assert (film.status_code, b"".join(film.streaming_content)) == (206, b"00000")
    assert film["Cache-Control"] == "public, max-age=86400, immutable"
    assert film["Access-Control-Allow-Origin"] == "*"
    preflight = client.options(stored, headers=said)
    assert (preflight.status_code, preflight["Access-Control-Allow-Headers"]) == (204, "Range")
    assert client.post(stored, headers=said).status_code == 405
    assert client.options(stored).status_code == 405
    refused = client.get(stored)
    assert (refused.status_code, refused.get("Access-Control-Allow-Origin")) == (403, None)


def test_pages_may_show_what_the_cdn_has(site_policy):
    policy = site_policy("https://cdn.example")
    for directive in ("img-src", "media-src", "connect-src"):
        assert "https://cdn.example" in policy[directive]
        assert "" not in policy[directive]
    assert "https://cdn.example" not in policy["script-src"]
    assert site_policy("")["media-src"] == ["'self'", "blob:"]


@pytest.fixture
def site_policy():
    from streamsite.policy import content_policy

    return lambda cdn: content_policy("https://pay.example/", passes_on=False, cdn=cdn)["DIRECTIVES"]

"""A CDN in front of a real nginx: films come through it, and nobody else gets them without a token."""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import Iterator

import pytest

from tests.deploy.cdn import Cdn
from tests.deploy.front import Answer, Front, running_front
from utils.cdn import SCHEMES

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("front")]

SAYS, SAID = "what-the-cdn-says-0123456789-abcdef", "what-the-cdn-said-before-0123456789"
KEY, NEXT_KEY = "aliyuncdnexp1234", "dimtm5evg50ijsx2hvuwyfoiu6"
CONTENT = bytes(n * n % 251 for n in range(100_000))
FILM, NOTES = "t/片 头+1.mp4", "materials/讲义.pdf"
OUTLASTING = 3600


@pytest.fixture(scope="module")
def front() -> Iterator[Front]:
    changed = {"CDN_PULL_SECRET": SAYS, "CDN_PULL_SECRET_FALLBACKS": SAID}
    with running_front(nodes=1, **changed) as found:
        for name in (f"videos/{FILM}", f"private/{NOTES}"):
            (found.data / name).parent.mkdir(parents=True, exist_ok=True)
            (found.data / name).write_bytes(CONTENT)
        yield found


@pytest.fixture(scope="module")
def addresses(front) -> dict[str, list[str]]:
    """Paths of the film and the notes under each key, as the site signs them, by kind; "": with its own token."""
    code = (
        "import json, time; from django.conf import settings; from utils.signing import sign; made = {}\n"
        f"at = int(time.time()) + {OUTLASTING}\n"
        f"names = {[FILM, NOTES]!r}\n"
        f"for kind in {['', *SCHEMES]!r}:\n"
        f"    for key in {[KEY, NEXT_KEY]!r}:\n"
        "        settings.CDN_URL, settings.CDN_SIGNING, settings.CDN_KEY = kind and 'https://c', kind, key\n"
        "        made.setdefault(kind, []).extend(sign('/v/' + n, expires_at=at)[9 if kind else 0:] for n in names)\n"
        "print(json.dumps(made))"
    )
    return dict(json.loads(front.manage("shell", "-v", "0", "-c", code).splitlines()[-1]))


@contextlib.contextmanager
def cdn_of(front: Front, kind: str, *keys: str, says: str = SAYS) -> Iterator[tuple[Cdn, int]]:
    cdn = Cdn(kind, list(keys), says, front.connection)
    with cdn.running() as port:
        yield cdn, port


def ask(port: int, address: str, method: str = "GET", **headers: str) -> Answer:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as line:
        line.request(method, address, headers=headers)
        answer = line.getresponse()
        return Answer(answer.status, answer.headers, answer.read())


@pytest.mark.parametrize("kind", SCHEMES)
def test_films_come_through_the_cdn_and_stay_there(front, addresses, kind):
    film, notes = addresses[kind][:2]
    with cdn_of(front, kind, KEY) as (cdn, port):
        whole = ask(port, film)
        assert (whole.status, whole.body) == (200, CONTENT)
        assert whole.headers["Cache-Control"] == "public, max-age=86400, immutable"
        assert whole.headers["Access-Control-Allow-Origin"] == "*"
        assert whole.headers["Content-Type"] == "video/mp4"
        for _ in range(2):
            part = ask(port, film, Range="bytes=100-299")
            assert (part.status, part.body) == (206, CONTENT[100:300])
            assert part.headers["Content-Range"] == f"bytes 100-299/{len(CONTENT)}"
        assert len(cdn.pulls) == 2  # the second was kept
        for _ in range(2):
            told = ask(port, notes)
            assert (told.status, told.body) == (200, CONTENT)
            assert told.headers["Content-Disposition"] == "attachment"
            assert told.headers["Cache-Control"] == "private, no-store"
        assert len(cdn.pulls) == 4
        assert ask(port, film[:-2] + "zz").status == 403
        assert set(cdn.pulls) == {"/v/t/%E7%89%87%20%E5%A4%B4%2B1.mp4", "/v/materials/%E8%AE%B2%E4%B9%89.pdf"}


def test_a_preflight_is_answered_for_the_cdn_only(front, addresses):
    film = addresses["tencent-d"][0]
    with cdn_of(front, "tencent-d", KEY) as (_cdn, port):
        answer = ask(port, film, "OPTIONS", Origin=f"https://127.0.0.1:{front.secure}")
        assert answer.status == 204
        assert answer.headers["Access-Control-Allow-Headers"] == "Range"
        assert ask(port, film, "POST").status == 501
    own = addresses[""][0]
    assert front.ask(own, "OPTIONS").status == 405
    assert front.ask(own, "POST", headers={"X-Streamsite-Pull": SAYS}).status == 405
    assert front.ask(own).headers["Access-Control-Allow-Origin"] is None
    assert front.ask(own).headers["Cache-Control"] == "private, max-age=86400, immutable"


def test_the_origin_is_shut_for_others(front, addresses):
    for name in addresses[""][:2]:
        path = name.split("?")[0]
        for said in ("", SAYS[:-1], f"{SAYS}x", SAYS.upper(), f"x{SAYS}", ".*"):
            answer = front.ask(path, headers={"X-Streamsite-Pull": said})
            assert (answer.status, answer.headers["Cache-Control"]) == (403, "private, no-store"), said
        assert front.ask(path).status == 403
        assert front.ask(name).status == 200  # with a token of the site's own
        for said in (SAYS, SAID):
            assert front.ask(path, headers={"X-Streamsite-Pull": said}).status == 200


def test_the_cdn_gets_no_page(front):
    style = next((front.data / "static").glob("site.*.css")).name
    for address in ("/", "/user/login/", "/admin/", f"/static/{style}", "/readyz", "/v", "/media/none.jpg"):
        assert front.ask(address, headers={"X-Streamsite-Pull": SAYS}).status == 404, address
    assert front.ask("/v/none.mp4", headers={"X-Streamsite-Pull": SAYS}).headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("kind", ["aliyun-b", "tencent-a"])
def test_films_play_on_while_keys_and_secrets_are_rotated(front, addresses, kind):
    old, new = addresses[kind][0], addresses[kind][2]
    assert old != new
    for keys, says, played in (
        ([KEY], SAYS, {old}),
        ([KEY, NEXT_KEY], SAID, {old, new}),  # the console has both, and still says the earlier secret
        ([NEXT_KEY, KEY], SAYS, {old, new}),
        ([NEXT_KEY], SAYS, {new}),
    ):
        with cdn_of(front, kind, *keys, says=says) as (_cdn, port):
            answers = {address: ask(port, address, Range="bytes=0-9").status for address in (old, new)}
        assert answers == {address: 206 if address in played else 403 for address in (old, new)}


def test_an_address_ends(front):
    code = (
        "import time; from django.conf import settings; from utils.signing import sign\n"
        "settings.CDN_URL, settings.CDN_SIGNING, settings.CDN_KEY = 'https://c', 'aliyun-a', %r\n"
        "print(sign('/v/%s', expires_at=int(time.time()) + %d)[9:])"
    )
    short = front.manage("shell", "-v", "0", "-c", code % (KEY, FILM, -1)).splitlines()[-1]
    with cdn_of(front, "aliyun-a", KEY) as (cdn, port):
        assert ask(port, short).status == 403
        cdn.validity += 3600  # a console that lets them live longer than CDN_VALIDITY says
        assert ask(port, short).status == 200

"""Stored files as two real servers send them: uWSGI of the embedded site, and nginx in front of it."""

from __future__ import annotations

import contextlib
import email
import http.client
import json
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pytest

from tests.browser.conftest import SECURITY_CONTACT, Site
from tests.browser.nginx import free_port, start_nginx

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

CONTENT = bytes(n * n % 251 for n in range(1_000_000))
SIZE = len(CONTENT)
SHARED = """
    proxy_cache_path %(folder)s/cache keys_zone=shared:1m;
    server {  # somebody's cache in front, that keeps whatever it may
        listen 127.0.0.1:%(shared)d;
        location / {
            proxy_pass http://127.0.0.1:%(port)d;
            proxy_set_header Host $http_host;
            proxy_cache shared;
            proxy_cache_valid any 10m;
            add_header X-Cache $upstream_cache_status always;
        }
    }
"""


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes


def ask(port: int, address: str, method: str = "GET", **headers: str) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, address, headers={k.replace("_", "-"): v for k, v in headers.items()})
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


class Gates(NamedTuple):
    """Ports of the servers."""

    uwsgi: int
    nginx: int
    shared: int
    folder: Path  # of nginx's files


@pytest.fixture(scope="module")
def gates(site: Site) -> Iterator[Gates]:
    """The site's own server, nginx in front of it, and a cache of somebody's in front of that."""
    folder = Path(tempfile.mkdtemp(prefix="nginx-"))
    found = Gates(site.port, free_port(), free_port(), folder)
    values = {"folder": folder, "port": found.nginx, "shared": found.shared}
    process = start_nginx(site, found.nginx, folder, more=SHARED % values)
    try:
        yield found
    finally:
        process.terminate()
        process.wait(timeout=20)
        shutil.rmtree(folder)


@pytest.fixture(params=["uwsgi", "nginx"])
def port(gates: Gates, request) -> int:
    return int(getattr(gates, request.param))


@pytest.fixture(scope="module")
def stored(site: Site) -> dict[str, str]:
    """Addresses of a stored file: good for an hour, run out, and for files of other kinds."""
    names = {
        "good": "t/片 头+1.mp4",
        "sound": "t/a.m4a",
        "text": "t/a.vtt",
        "picture": "t/a.jpg",
        "odd": "t/a.xyz",
        "page": "t/a.html",
    }
    for name in names.values():
        path = site.data / "videos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(CONTENT)
    now = int(time.time())
    wanted = {key: (f"/v/{name}", now + 3600) for key, name in names.items()}
    wanted |= {"old": (f"/v/{names['good']}", now - 1), "gone": ("/v/t/none.mp4", now + 3600)}
    wanted |= {"folder": ("/v/t", now + 3600), "below": ("/v/t/a.mp4/", now + 3600)}
    wanted |= {"long": (f"/v/{'a' * 300}.mp4", now + 3600), "zero": ("/v/t/a\0.mp4", now + 3600)}
    made = f"{{key: sign(path, expires_at=at) for key, (path, at) in {wanted!r}.items()}}"
    code = f"import json; from utils.signing import sign; print(json.dumps({made}))"
    return json.loads(site.run(code).splitlines()[-1])


def test_the_whole_file_and_what_is_said_of_it(port, stored):
    answer = ask(port, stored["good"])
    assert (answer.status, answer.body == CONTENT) == (200, True)
    assert answer.headers["Content-Type"] == "video/mp4"
    assert answer.headers["Content-Length"] == str(SIZE)
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Cache-Control"] == "private, max-age=86400, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    head = ask(port, stored["good"], "HEAD")
    assert (head.status, head.body) == (200, b"")
    part = ask(port, stored["good"], "HEAD", Range="bytes=0-9")
    assert (part.status, part.headers["Content-Length"]) == (206, "10")
    for name in ("Content-Type", "Content-Length", "ETag", "Last-Modified", "Cache-Control"):
        assert head.headers.get_all(name) == answer.headers.get_all(name)
        assert len(answer.headers.get_all(name)) == 1


def test_types(port, stored):
    names = ("sound", "text", "picture", "odd", "page")
    kinds = {name: ask(port, stored[name], "HEAD").headers["Content-Type"] for name in names}
    other = "application/octet-stream"
    assert kinds == {"sound": "audio/mp4", "text": "text/vtt", "picture": "image/jpeg", "odd": other, "page": other}


def test_both_servers_know_a_file_by_the_same_marks(gates, stored):
    ours, nginx = (ask(port, stored["good"], "HEAD").headers for port in (gates.uwsgi, gates.nginx))
    assert ours["ETag"] == nginx["ETag"]
    assert ours["Last-Modified"] == nginx["Last-Modified"]


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=0-0", 0, 0), ("bytes=0-", 0, SIZE - 1), ("bytes=100-199", 100, 199), ("bytes=999000-", 999_000, SIZE - 1),
     ("bytes=-10", SIZE - 10, SIZE - 1), ("bytes=999990-2000000", 999_990, SIZE - 1), ("bytes=-2000000", 0, SIZE - 1)],
)  # fmt: skip
def test_one_range(port, stored, asked, first, last):
    answer = ask(port, stored["good"], Range=asked)
    assert (answer.status, answer.headers["Content-Range"]) == (206, f"bytes {first}-{last}/{SIZE}")
    assert answer.body == CONTENT[first : last + 1]
    assert answer.headers["Content-Type"] == "video/mp4"
    assert answer.headers["ETag"]


def test_ranges_over_one_connection(port, stored):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("HEAD", stored["good"], headers={"Range": "bytes=0-9"})  # whose bytes would be the next answer
    assert connection.getresponse().read() == b""
    for first, last in ((0, 99), (500, 70_000), (100, 499), (999_000, SIZE - 1), (3, 3)):
        connection.request("GET", stored["good"], headers={"Range": f"bytes={first}-{last}"})
        answer = connection.getresponse()
        assert (answer.status, answer.read() == CONTENT[first : last + 1]) == (206, True)
    connection.close()


def test_several_ranges(port, stored):
    answer = ask(port, stored["good"], Range="bytes=0-9, 500-599,-5")
    assert answer.status == 206
    assert int(answer.headers["Content-Length"]) == len(answer.body)
    text = b"Content-Type: " + answer.headers["Content-Type"].encode() + b"\r\n\r\n" + answer.body
    parts = email.message_from_bytes(text).get_payload()
    assert [(p["Content-Range"], p["Content-Type"]) for p in parts] == [  # type: ignore[index]
        (f"bytes {span}/{SIZE}", "video/mp4") for span in ("0-9", "500-599", f"{SIZE - 5}-{SIZE - 1}")
    ]
    assert CONTENT[500:600] in answer.body


@pytest.mark.parametrize(
    "asked", [f"bytes={SIZE}-", "bytes=-0", "bytes=5-3", "bytes=-", "bytes=a-b", "bytes=0-9,,20-29"]
)
def test_a_range_past_the_end_and_what_is_no_range(port, stored, asked):
    answer = ask(port, stored["good"], Range=asked)
    assert (answer.status, answer.headers["Content-Range"]) == (416, f"bytes */{SIZE}")


@pytest.mark.parametrize("asked", ["lines=0-1", "bytes", "bytes=" + ",".join(["0-1"] * 20)])
def test_ranges_of_another_kind_or_too_many_get_the_whole_file(port, stored, asked):
    assert ask(port, stored["good"], Range=asked).body == CONTENT


def test_conditions(port, stored):
    about = ask(port, stored["good"], "HEAD").headers
    etag, changed = about["ETag"], about["Last-Modified"]
    old = "Wed, 01 Jan 2020 00:00:00 GMT"

    def status(**headers: str) -> int:
        return ask(port, stored["good"], **headers).status

    assert status(If_None_Match=etag) == 304
    assert ask(port, stored["good"], If_None_Match=etag).body == b""
    assert status(If_None_Match='"x"') == 200
    assert status(If_None_Match=f'"x", W/{etag}') == 304
    assert status(If_Modified_Since=changed) == 304
    assert status(If_Modified_Since=old) == 200
    assert status(If_Modified_Since="Fri, 01 Jan 2038 00:00:00 GMT") == 304
    assert status(If_None_Match='"x"', If_Modified_Since=changed) == 200
    assert status(If_Match='"x"') == 412
    assert status(If_Match=etag) == 200
    assert status(If_Unmodified_Since=old) == 412
    for known, expected in ((etag, 206), (changed, 206), ('"x"', 200), (old, 200)):
        answer = ask(port, stored["good"], Range="bytes=0-9", If_Range=known)
        assert (answer.status, len(answer.body)) == (expected, 10 if expected == 206 else SIZE), known


def test_tokens(port, stored):
    good = stored["good"]
    path, query = good.split("?")
    token, expiry = (pair.split("=")[1] for pair in query.split("&"))
    other = quote("/v/t/a.m4a")
    assert ask(port, stored["old"]).status == 410
    assert ask(port, stored["gone"]).status == 404
    forged = [
        path, f"{path}?st=&ts=", f"{path}?st={token}", f"{path}?ts={expiry}", f"{other}?{query}",
        f"{path}?st={token}&ts={int(expiry) + 1}", f"{path}?st={token[:-1]}&ts={expiry}",
        f"{path}?st={token.swapcase()}&ts={expiry}", f"{path}?st={token}&ts=99999999999999999999",
    ]  # fmt: skip
    for address in forged:
        answer = ask(port, address)
        assert answer.status == 403, address
        assert answer.headers["Cache-Control"] == "private, no-store"
    assert ask(port, stored["gone"]).headers["Cache-Control"] == "private, no-store"
    for name in ("folder", "below", "long", "zero"):
        assert ask(port, stored[name]).status in {301, 400, 404}, name
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert ask(port, good, method).status == 405
    assert ask(port, f"{path}/../../db.sqlite3?{query}").status in {400, 403, 404}


def test_playlists_are_kept_by_no_shared_cache(site, free_film, gates):
    base = f"/play/{free_film.movie}/1"
    style = next(p for p in (site.data / "static").glob("site.*.css")).name
    for _ in range(2):
        for name in ("master.m3u8", "240p.m3u8", "a0.m3u8", "storyboard.vtt"):
            answer = ask(gates.shared, f"{base}/{name}")
            assert (answer.status, answer.headers["X-Cache"]) == (200, "MISS"), name
            assert answer.headers["Cache-Control"] == "private, no-store"
        known = ask(gates.shared, f"/static/{style}").headers["X-Cache"]
    assert known == "HIT"  # it does keep what it may
    playlist = ask(gates.nginx, f"{base}/240p.m3u8").body.decode()
    address = next(line for line in playlist.splitlines() if line.startswith("/v/"))
    ours, nginx = (ask(port, address).body for port in (gates.uwsgi, gates.nginx))
    assert ours == nginx
    assert ours


def test_addresses_under_the_new_and_the_old_key_in_one_nginx(gates, site, stored, uploaded):
    old = (site.data / "secret_key").read_text().strip()
    keys = {"SECRET_KEY": "a-new-key-" * 6, "SECRET_KEY_FALLBACKS": old}
    code = f"from utils.signing import sign; print(sign({'/v/t/a.m4a'!r}, expires_at=2**34))"
    new = site.manage("shell", "-v", "0", "-c", code, **keys).splitlines()[-1]
    path, _mark, query = stored["sound"].partition("?st=")
    name, token = query.split(".", 1)
    port, folder = free_port(), Path(tempfile.mkdtemp(prefix="nginx-"))
    process = start_nginx(site, port, folder, **keys)
    try:
        for address in (new, stored["sound"], uploaded["a.jpg"]):
            assert ask(port, address, "HEAD").status == 200, address
        assert ask(port, stored["old"]).status == 410
        wrong = new.split("?st=")[1].split(".")[0]
        for st in (f"{wrong}.{token}", f"00000000.{token}", f".{token}", f"{name}.", f"{name}.{name}.{token}", token):
            assert ask(port, f"{path}?st={st}").status == 403, st
    finally:
        process.terminate()
        process.wait(timeout=20)
        shutil.rmtree(folder)
    for server in (gates.uwsgi, gates.nginx):  # which know the old key only
        assert ask(server, new).status == 403
        assert ask(server, f"{path}?st={token}", "HEAD").status == 200  # signed before secrets had names


@pytest.fixture(scope="module")
def uploaded(site: Site) -> dict[str, str]:
    """Addresses of hostile files that somebody put in: as course material, and beside the pictures."""
    names = ("notes.html", "a.svg", "x.zzz", "a.jpg", "a.xhtml")
    for folder in ("private/materials", "pictures/posters"):
        (site.data / folder).mkdir(parents=True, exist_ok=True)
        for name in names:
            (site.data / folder / name).write_text("<!doctype html><script>alert(1)</script>")
    made = f"{{n: sign('/v/materials/' + n, expires_at=2**34) for n in {names!r}}}"
    code = f"import json; from utils.signing import sign; print(json.dumps({made}))"
    return json.loads(site.run(code).splitlines()[-1])


def test_material_is_a_download_behind_its_token(port, uploaded):
    for name, address in uploaded.items():
        answer = ask(port, address)
        assert answer.status == 200, name
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Disposition"] == "attachment"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert ask(port, address.split("?")[0]).status == 403
        assert ask(port, f"/media/materials/{name}").status == 404


def test_only_pictures_are_shown_of_what_is_public(port, uploaded):
    for name in uploaded:
        answer = ask(port, f"/media/posters/{name}?x=.jpg")
        assert answer.status == 200, name
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Content-Disposition"] == (None if name == "a.jpg" else "attachment")
        assert answer.headers["Content-Type"] not in {"text/html", "application/xhtml+xml"}


def test_both_servers_say_where_to_report_a_vulnerability(port):
    answer = ask(port, "/.well-known/security.txt")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.body.decode().startswith(f"Contact: mailto:{SECURITY_CONTACT}\nExpires: 20")


def test_long_addresses_come_back_from_the_sign_in(port):
    answer = ask(port, "/user/userown/?a=" + "%F0" * 2600)
    assert (answer.status, len(answer.headers["Location"]) > 7800) == (302, True)


def test_connections_may_wait_for_a_thread(site):
    run = Path((site.data / "run.env").read_text().split("REDIS_URL=unix://")[1].split("\n")[0]).parent
    with contextlib.ExitStack() as stack:
        for _ in range(100):
            one = stack.enter_context(socket.socket(socket.AF_UNIX))
            one.setblocking(False)
            one.connect(str(run / "uwsgi.sock"))  # BlockingIOError: its queue is full

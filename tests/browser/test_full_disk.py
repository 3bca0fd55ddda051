"""A whole site whose disk is full: it is read as ever, says what it can't save, and goes on once there is room."""

from __future__ import annotations

import http.cookiejar
import json
import re
import shutil
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tests.browser.conftest import Site, start_site
from tests.conftest import make_video
from tests.small_disk import alone, small_disk

pytestmark = pytest.mark.slow

PAGES = [
    "/", "/single/1/1/", "/comedy/film/1/", "/ranking/all/", "/search/?q=Film", "/notices/", "/user/register/",
    "/user/forgetpwd/", "/order/openvip/",
]  # fmt: skip
OWN = ["/user/userinfo/1/", "/user/userown/", "/user/devices/", "/user/uservip/", "/admin/", "/admin/media/video/"]


class Visitor:
    """A browser's cookies and language, without the browser."""

    def __init__(self, site: Site, language: str = "zh-hans") -> None:
        self.site, self.language = site, language
        self._jar = http.cookiejar.CookieJar()
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar)).open

    def ask(self, path: str, body: bytes | None = None, method: str = "", **headers: str) -> tuple[int, str]:
        sent = {"Accept-Language": self.language, "Referer": self.site.url, **headers}
        asked = urllib.request.Request(self.site.url + path, body, sent, method=method or None)
        try:
            with self._open(asked, timeout=30) as answer:
                return answer.status, answer.read().decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def sign_in(self) -> tuple[int, str]:
        page = self.ask("/user/login/")[1]
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
        form = {"csrfmiddlewaretoken": token, "username": "admin", "password": self.site.password}
        return self.ask("/user/login/", urllib.parse.urlencode(form).encode())

    def upload(self, size: int) -> int:
        """Announce a file; the status."""
        self.ask("/admin/media/video/add/")
        token = next(cookie.value for cookie in self._jar if "csrf" in cookie.name)
        headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(size), "X-CSRFToken": token}
        return self.ask("/media/uploads/", b"", "POST", **headers)[0]

    def lines(self, path: str) -> list[str]:
        status, text = self.ask(path)
        assert status == 200, (path, status)
        return [line for line in text.splitlines() if line.startswith("/")]


def test_a_site_whose_disk_is_full(request, monkeypatch):
    if not alone(request.node):
        return
    monkeypatch.setenv("DISK_RESERVE", "1000000")
    folder = Path(tempfile.mkdtemp(prefix="streamsite-full-"))
    with small_disk(folder, 96 * 1024**2) as disk:
        site = start_site(folder / "data", demo="0")
        try:
            _check(site, disk)
        finally:
            site.kill()
    shutil.rmtree(folder)


def _check(site, disk):
    first = make_video(Path(tempfile.gettempdir()) / "full-disk-1.mp4", seconds=5, size="320x180")
    second = make_video(Path(tempfile.gettempdir()) / "full-disk-2.mp4", seconds=9, size="320x180")
    site.add_video(first, "Film")
    curator = Visitor(site)
    assert curator.sign_in()[0] == 200

    disk.fill()
    assert disk.free == 0
    for visitor, pages in ((Visitor(site), PAGES), (curator, [*PAGES, *OWN])):
        assert [(page, visitor.ask(page)[0]) for page in pages] == [(page, 200) for page in pages]
    playlist = curator.lines("/play/1/1/master.m3u8")[0]
    segment = curator.lines(playlist)[0]
    assert curator.ask(segment, Range="bytes=0-99")[0] == 206
    for language, words in (("zh-hans", "磁盘空间不足"), ("en", "out of disk space")):
        status, page = Visitor(site, language).sign_in()
        assert (status, words in page) == (507, True), page
    assert curator.upload(1000) == 507
    disk.empty()

    assert Visitor(site).sign_in()[0] == 200
    assert curator.upload(10**12) == 507  # more than there will ever be
    assert curator.upload(1000) == 201
    disk.fill(leave=second.stat().st_size + 700_000)
    began = json.loads(site.manage("add_video", str(second), "--title", "Second"))
    shown = f"/admin/media/video/encoding/?ids={began['video']}"
    _until(lambda: "等待磁盘空间" in json.loads(curator.ask(shown)[1])[str(began["video"])])
    disk.empty()
    _until(lambda: len(curator.lines(f"/play/{began['movie']}/1/master.m3u8")) > 0)


def _until(holds, within: float = 90.0) -> None:
    end = time.monotonic() + within
    while True:
        try:
            if holds():
                return
        except AssertionError:
            pass
        assert time.monotonic() < end
        time.sleep(1)

"""A film in a real Chromium from a CDN at another address: the policy of pages, other origins, renewal."""

from __future__ import annotations

import http.client
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import running_site
from tests.browser.nginx import free_port
from tests.browser.steps import play, seek, sign_in, until
from tests.conftest import make_video
from tests.deploy.cdn import Cdn

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

KEY, SAYS = "aliyuncdnexp1234", "what-the-cdn-says-0123456789-abcdef"
LENGTH, FAR = 120, 100  # seconds; where nothing is loaded yet, of a CDN that takes its time
ADDRESS_TTL, VALIDITY = 60, 1800  # seconds


def test_a_film_plays_from_the_cdn_and_renews_what_the_cdn_refuses(browser: Browser, tmp_path: Path) -> None:
    port, kind = free_port(), "aliyun-c"  # whose signature is part of the path
    settings = {
        "CDN_URL": f"http://127.0.0.1:{port}", "CDN_SIGNING": kind, "CDN_KEY": KEY, "CDN_PULL_SECRET": SAYS,
        "CDN_VALIDITY": str(VALIDITY), "ADDRESS_TTL": str(ADDRESS_TTL),
    }  # fmt: skip
    with running_site(**settings) as site:
        path = make_video(tmp_path / "film.mp4", seconds=LENGTH, size="160x120")
        film = site.add_video(path, "远处", access="vip")["movie"]
        cdn = Cdn(kind, [KEY], SAYS, lambda: http.client.HTTPConnection("127.0.0.1", site.port, timeout=60), VALIDITY)
        cdn.delay = 1.0
        with cdn.running(port):
            page = browser.new_page()
            problems: list[str] = []
            sent: list[str] = []
            page.on("console", lambda line: problems.append(line.text) if line.type in {"error", "warning"} else None)
            page.on("request", lambda request: sent.append(request.url))
            sign_in(page, site.url, site.password)
            page.goto(f"{site.url}/single/{film}/1/")
            play(page)
            assert problems == []
            assert {status for _, status in cdn.answers} == {206}
            assert not [url for url in sent if urlsplit(url).port == site.port and "/v/" in url]
            renewals = [url for url in sent if "/addresses/" in url]
            cdn.earliest = time.time() + ADDRESS_TTL - VALIDITY + 1  # what was signed until now is refused
            page.wait_for_timeout(2000)
            seek(page, FAR)
            until(page, f"document.querySelector('video').currentTime > {FAR + 1}")
            assert {status for _, status in cdn.answers} == {206, 403}
            assert len([url for url in sent if "/addresses/" in url]) > len(renewals)
            page.close()

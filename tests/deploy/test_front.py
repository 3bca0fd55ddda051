"""nginx and nodes as shipped, real: TLS, redirects, headers, nodes that fail, reload and end."""

from __future__ import annotations

import contextlib
import html
import io
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from playwright.sync_api import expect, sync_playwright

from tests.browser.conftest import CHROMIUM, kill_tree
from tests.browser.nginx import write_main
from tests.deploy.front import Front, asked, make_certificate, running_front, until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("front")]


@pytest.fixture(scope="module")
def front() -> Iterator[Front]:
    with running_front() as found:
        yield found


def _handshake(front: Front, *options: str) -> str:
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{front.secure}", "-CAfile", front.folder / "site.pem",
         *options],
        input="", capture_output=True, text=True, errors="replace",  # a session ticket is shown as bytes
    )  # fmt: skip
    return done.stdout + done.stderr


def test_tls(front):
    assert "Verify return code: 0 (ok)" in _handshake(front, "-tls1_3")
    for cipher in ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"):
        assert f"Cipher is {cipher}" in _handshake(front, "-tls1_2", "-cipher", cipher)
    for version in ("-tls1", "-tls1_1"):
        assert "Cipher is (NONE)" in _handshake(front, version, "-cipher", "ALL:@SECLEVEL=0")
    for cipher in ("AES128-SHA", "AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-SHA"):  # no forward secrecy, or CBC
        assert "Cipher is (NONE)" in _handshake(front, "-tls1_2", "-cipher", cipher)
    assert "ALPN protocol: h2" in _handshake(front, "-alpn", "h2,http/1.1")


def test_plain_http_leads_to_https(front):
    answer = front.ask("/search/?q=a%20b", plain=True)
    assert (answer.status, answer.headers["Location"]) == (301, f"https://127.0.0.1:{front.secure}/search/?q=a%20b")
    mistaken = subprocess.run(
        ["curl", "-si", f"http://127.0.0.1:{front.secure}/a"], capture_output=True, text=True, check=True
    ).stdout
    assert f"Location: https://127.0.0.1:{front.secure}/a" in mistaken


def test_certificates_are_renewed_over_plain_http(front):
    file = front.folder / "acme/.well-known/acme-challenge/token"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("token.key")
    for plain in (True, False):
        assert front.ask("/.well-known/acme-challenge/token", plain=plain).body == b"token.key"
    assert front.ask("/.well-known/acme-challenge/none", plain=True).status == 404


def test_each_security_header_once(front):
    style = next((front.data / "static").glob("site.*.css")).name
    for address, status in (("/", 200), ("/user/login/", 200), (f"/static/{style}", 200), ("/static/none", 404),
                            ("/v/a.mp4", 403), ("/a" * 5000, 414), ("/media/none.jpg", 404)):  # fmt: skip
        answer = front.ask(address)
        assert answer.status == status, address[:30]
        for name, value in (
            ("Strict-Transport-Security", "max-age=31536000; includeSubDomains; preload"),
            ("X-Content-Type-Options", "nosniff"),
        ):
            assert answer.headers.get_all(name) == [value], address[:30]
        for name in ("Content-Security-Policy", "Permissions-Policy"):
            assert len(answer.headers.get_all(name)) == 1, address[:30]
        assert answer.headers["Server"] == "nginx"
    assert front.ask("/").headers["X-Frame-Options"] == "DENY"


def test_files_are_compressed_when_they_are_collected(front):
    style = next((front.data / "static").glob("site.*.css"))
    answer = front.ask(f"/static/{style.name}", headers={"Accept-Encoding": "gzip"})
    packed = style.with_name(f"{style.name}.gz").read_bytes()
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.body == packed
    assert front.ask(f"/static/{style.name}").body == style.read_bytes()


def test_pages_are_plain_for_those_that_take_no_gzip(front):
    assert front.ask("/", headers={"Accept-Encoding": "gzip"}).body[:2] == b"\x1f\x8b"
    plain = front.ask("/")
    assert plain.headers["Content-Encoding"] is None
    assert b"<!doctype html>" in plain.body


@pytest.mark.parametrize(("language", "said"), [("zh-CN,zh", "提交的内容过大"), ("en-US,en;q=0.9", "That's too large")])
def test_errors_of_nginx_look_like_the_site(front, language, said):
    answer = front.ask("/", "POST", headers={"Accept-Language": language, "Content-Length": "7000000"})
    page = html.unescape(answer.body.decode())
    assert (answer.status, answer.headers["Content-Type"]) == (413, "text/html; charset=utf-8")
    assert said in page
    sheet = re.search(r'href="(/static/[^"]+\.css)"', page)[1]
    assert front.ask(sheet).status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert front.ask("/413.html").status == 404  # only as an error


@pytest.mark.parametrize(("length", "status"), [(8190, 200), (8192, 200), (8193, 414), (16_000, 414)])
@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_the_longest_address(front, version, length, status):
    address = f"https://127.0.0.1:{front.secure}/robots.txt?".ljust(
        length + len(f"https://127.0.0.1:{front.secure}"), "a"
    )
    told = subprocess.run(
        ["curl", version, "--silent", "--cacert", front.folder / "site.pem", "--output", front.folder / "told",
         "--write-out", "%{http_code}", address],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert int(told.stdout) == status
    if status == 414:
        assert (front.folder / "told").read_bytes() == (front.data / "errors/zh-hans/414.html").read_bytes()


def test_a_browser_shows_that_an_address_is_too_long(front):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        page = browser.new_page(ignore_https_errors=True, locale="en")
        for many in (2800, 5000):  # of the 15,000 characters 11,250 bytes are sent
            answer = page.goto(f"https://127.0.0.1:{front.secure}/search/?q=" + "%F0" * many)
            assert answer.status == 414
            assert answer.security_details()["protocol"].startswith("TLS")
            version = page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol")
            assert version == "h2"
            expect(page.get_by_role("heading", level=1)).to_be_visible()
        browser.close()


def test_probes_pass_nginx_uncounted_unlogged_and_under_any_name(front):
    for _ in range(3):
        answer = front.ask("/readyz", headers={"Host": "10.0.0.5"})
        assert answer.status == 200, answer.body
        assert b'"parts"' in answer.body  # this test asks from the machine itself
        assert answer.headers["Cache-Control"] == "no-store"
    assert front.ask("/healthz").body == b'{"status": "alive"}'
    with contextlib.closing(front.connection()) as connection:
        for _ in range(500):  # more than the rate lets through
            connection.request("GET", "/healthz")
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200


def test_a_killed_node_loses_no_request_and_is_taken_back(front):
    with asked(front, "/robots.txt") as statuses:
        until(lambda: len(statuses) > 50, lambda: str(statuses))
        kill_tree(front.nodes[2].pid)
        front.nodes[2].wait()
        dead = len(statuses)
        until(lambda: len(statuses) > dead + 300, lambda: str(statuses[-20:]))
        front.start_node(2)
        front.until_ready(2, 2)
    assert set(statuses) == {200}


def test_a_chain_reload_loses_no_request_and_loads_new_code(front):
    before = front.log(1).count("WSGI app 0")
    with asked(front, "/robots.txt") as statuses:
        until(lambda: len(statuses) > 50, lambda: str(statuses))
        front.ask_node(1, "c")
        front.until_ready(1, before + 1)
        reloaded = len(statuses)
        until(lambda: len(statuses) > reloaded + 100, lambda: str(statuses[-20:]))
    assert set(statuses) == {200}
    assert "chain reload" in front.log(1)


def test_a_node_that_ends_answers_what_it_took(front):
    with asked(front, "/robots.txt") as statuses:
        until(lambda: len(statuses) > 50, lambda: str(statuses))
        front.nodes[3].send_signal(signal.SIGTERM)
        front.nodes[3].wait(timeout=60)
        gone = len(statuses)
        until(lambda: len(statuses) > gone + 100, lambda: str(statuses[-20:]))
    assert set(statuses) == {200}
    assert "graceful shutdown triggered" in front.log(3)


def test_recycled_processes_lose_no_request():
    with running_front(
        nodes=1, options=("--max-requests", "40", "--max-requests-delta", "0", "--min-worker-lifetime", "1")
    ) as one:
        with asked(one, "/robots.txt") as statuses:
            until(lambda: one.log(1).count("WSGI app 0") > 3, lambda: one.log(1))
        assert set(statuses) == {200}


def test_kept_pages_differ_by_language_and_part_and_end_with_a_publish(front):
    """Without any node, so that what is answered comes from nginx."""
    chinese, english, part = {"Accept-Language": "zh-CN,zh;q=0.9"}, {"Accept-Language": "en-GB"}, {"HX-Request": "true"}
    whole = front.ask("/category/none/", headers=chinese)
    assert whole.status == 404
    page = front.ask("/ranking/week/", headers=chinese)
    assert page.headers["Cache-Control"] == "private, no-cache"
    assert "X-Accel-Expires" not in page.headers
    for headers in (english, part, {"Cookie": "sessionid=made-up"}, {"Accept-Language": "fr, en;q=0.5"}):
        front.ask("/ranking/week/", headers=headers)
    for number, node in front.nodes.items():
        if node.poll() is None:
            kill_tree(node.pid)
            node.wait()
        assert node.returncode is not None, number
    again = front.ask("/ranking/week/", headers=chinese)
    assert (again.status, again.body) == (200, page.body)
    assert b'lang="zh-hans"' in again.body
    assert b'lang="en"' in front.ask("/ranking/week/", headers=english).body
    assert front.ask("/ranking/week/", headers={"Cookie": "django_language=en"} | chinese).body.count(b'lang="en"')
    assert b"<html" not in front.ask("/ranking/week/", headers=part).body
    assert front.ask("/ranking/week/", headers={"If-None-Match": page.headers["ETag"]}).status == 304
    assert front.ask("/ranking/week/", "HEAD").body == b""
    for headers in ({"Cookie": "sessionid=made-up"}, {"Cookie": "messages=x"}, {"Accept-Language": "fr, en;q=0.5"}):
        answer = front.ask("/ranking/week/", headers=headers)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "10")
    for address in ("/user/login/", "/ranking/week/?x=1", "/robots.txt"):
        assert front.ask(address).status == 503
    front.manage("shell", "-v", "0", "-c", "from utils.cache import invalidate_pages as i; i()")
    assert front.ask("/ranking/week/", headers=chinese).status == 503


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("pages", [False, True])
@pytest.mark.parametrize("rate", ["0", "50"])
@pytest.mark.parametrize("proxies", ["", "10.0.0.0/8,fd00::/8,unix"])
@pytest.mark.parametrize("brotli", [False, True])
def test_nginx_takes_every_combination_of_options(tmp_path, settings, tls, pages, rate, proxies, brotli):
    settings.TRUSTED_PROXIES = proxies.split(",") if proxies else []
    settings.CDN_PULL_SECRET = "a1-_" * 8 if pages else ""
    settings.SITE_URL = "https://site.example"
    options = ["--node", "unix:/run/a.sock", "--node", "127.0.0.1:3031", "--node", "unix:/run/b.sock", "--rate", rate]
    if tls:
        certificate = make_certificate(tmp_path)
        options += ["--certificate", str(certificate), "--key", str(certificate.with_suffix(".key"))]
    options += ["--page-cache", str(tmp_path / "pages")] if pages else []
    options += ["--brotli"] if brotli else []
    out = io.StringIO()
    call_command("nginx_config", *options, stdout=out)
    modules = Path("/usr/lib/nginx/modules")
    loaded = f"load_module {modules}/ngx_http_brotli_filter_module.so;" if brotli else ""
    write_main(tmp_path, out.getvalue(), modules=loaded)
    done = subprocess.run(["/usr/sbin/nginx", "-t", "-c", tmp_path / "nginx.conf"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr


def test_https_needs_both_files_and_an_address_of_https(settings, tmp_path):
    node = ["--node", "unix:/run/a.sock"]
    with pytest.raises(CommandError, match="needed together"):
        call_command("nginx_config", *node, "--certificate", "a.pem")
    settings.SITE_URL = "http://site.example"
    with pytest.raises(CommandError, match=r"SITE_URL is http://site\.example"):
        call_command("nginx_config", *node, "--certificate", "a.pem", "--key", "a.key")

"""Nobody is sent to another site after signing in."""

from __future__ import annotations

from urllib.parse import quote, urljoin, urlsplit

import pytest
from django.test import RequestFactory

from apps.users.views.request_context import safe_next

EVIL = "evil.example"
HOSTILE = [
    f"//{EVIL}", f"///{EVIL}", f"////{EVIL}", f"https://{EVIL}", f"http://{EVIL}", f"HTTPS://{EVIL}", f"https:/{EVIL}",
    f"https:{EVIL}", f"https:\\\\{EVIL}", f"\\\\{EVIL}", f"\\/{EVIL}", f"/\\{EVIL}", f"/\\/{EVIL}", f"\\\\\\{EVIL}",
    f"/\t/{EVIL}", f"/\n/{EVIL}", f"/\r/{EVIL}", f"\t//{EVIL}", f"\n//{EVIL}", f" //{EVIL}", f"\x00//{EVIL}",
    f"\x01https://{EVIL}", f"\x1fhttps://{EVIL}", f"//{EVIL}/%2f..", f"//{EVIL}//", f"//{EVIL}#", f"//{EVIL}?",
    f"//testserver@{EVIL}", f"//testserver:80@{EVIL}", f"https://testserver@{EVIL}", f"https://testserver.{EVIL}",
    f"//testserver.{EVIL}", f"https://testserver%40{EVIL}", f"//testserver%2f@{EVIL}", f"//testserver\\@{EVIL}",
    f"https://testserver\\.{EVIL}", f"https://testserver#@{EVIL}", f"https://testserver?@{EVIL}",
    f"//{EVIL}\\@testserver",
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\tscript:alert(1)",
    "java\nscript:alert(1)",
    "\x01javascript:alert(1)", "javascript://testserver/%0aalert(1)", "javascript:/testserver", "vbscript:msgbox(1)",
    "data:text/html,<script>alert(1)</script>", "data:text/html;base64,PHNjcmlwdD4=", "blob:https://testserver/x",
    "file:///etc/passwd", "ftp://evil.example", "mailto:a@evil.example", "tel:1", "about:blank", "view-source:/", "ws://x",
    f"。。{EVIL}", f"/。/{EVIL}", f"／／{EVIL}", f"/／{EVIL}", f"⁄⁄{EVIL}", f"https：//{EVIL}", f"https://{EVIL}。com",
    "//[::1]", f"//[{EVIL}]", "//0x7f000001", "//2130706433", "//127.1", "//evil。example", "//xn--e1afmkfd.example",
    "//%65vil.example", "https://%65vil.example", f"{EVIL}", f"www.{EVIL}", f"./{EVIL}", f"../{EVIL}", "user/login",
    "?next=//x",
    "#", ".", "..", "", " ", "\x00", "\u200b//evil.example", f"\u2028//{EVIL}", f"/\u200b/{EVIL}", f"/\u2028/{EVIL}",
    f"/\u00a0/{EVIL}", f"/\x0b/{EVIL}", f"/\x0c/{EVIL}", f"/\x85/{EVIL}", f"/\x7f/{EVIL}", f"/\ufeff/{EVIL}",
    f"/ /{EVIL}",
    f"/%0d%0a\r\nLocation: https://{EVIL}", "/a\r\nSet-Cookie: x=1", "/a\nb", "http:///evil.example",
    "https:///evil.example",
    "http:evil.example", "//evil.example:443", "//user:pass@evil.example", "https://evil.example:testserver", "//////",
    "https://testserver:80:80", "https://[", "http://[::1", "//[v1.x]", "\\", "/\\", "//", "///",
]  # fmt: skip
LOCAL = ["/", "/single/3/1/", "/user/userown/?a=1&b=2#c", "/search/?q=%E6%B5%B7", "/comedy/电影/1/", "/a/../b"]


def test_the_corpus_is_large_enough():
    assert len(set(HOSTILE)) >= 100


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("target", HOSTILE)
def test_a_hostile_address_leads_home(target, method):
    request = getattr(RequestFactory(), method)("/user/login/", {"next": target})
    answer = safe_next(request)
    reached = urlsplit(urljoin("http://testserver/user/login/", answer))
    assert (reached.scheme, reached.netloc) == ("http", "testserver")
    assert answer.startswith("/")
    assert not answer.startswith(("//", "/\\"))


@pytest.mark.parametrize("target", LOCAL)
def test_an_address_of_the_site_is_kept(target):
    assert safe_next(RequestFactory().get(f"/user/login/?next={quote(target)}")) == target

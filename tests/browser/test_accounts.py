"""From a stranger to a member and through everything an account does, in a real browser on the real stack."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Site
from tests.browser.steps import until, violations

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

LONGEST_WALK = 150  # presses of Tab until a thing has to be reached


@dataclass
class Hands:
    """Uses pages as somebody with a pointer does."""

    page: Page
    problems: list[str] = field(default_factory=list)

    def press(self, what: str) -> None:
        self.page.locator(what).first.click()

    def write(self, what: str, text: str) -> None:
        self.page.locator(what).first.fill(text)

    def open(self, address: str) -> None:
        self.page.goto(address)
        self.fits()

    def fits(self) -> None:
        """Nothing hangs over the side of the window."""
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{self.page.url} is {wide} pixels too wide"


class Keys(Hands):
    """Uses pages with the keyboard alone: Tab to it, see that it has the focus, press Enter or write."""

    def press(self, what: str) -> None:
        self._reach(what)
        self.page.keyboard.press("Enter")

    def write(self, what: str, text: str) -> None:
        self._reach(what)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def _reach(self, what: str) -> None:
        self.page.wait_for_load_state("domcontentloaded")
        for _ in range(LONGEST_WALK):
            self.page.keyboard.press("Tab")
            focus = self.page.locator(f":is({what}):focus")
            if focus.count():
                ring = focus.evaluate("e => e.matches(':focus-visible') && getComputedStyle(e).outlineStyle")
                assert ring not in {False, "none"}, f"{what} shows no focus"
                return
        raise AssertionError(f"{what} can't be reached by Tab on {self.page.url}")


@dataclass(frozen=True)
class Visitor:
    """How somebody comes: a language, a width, and hands or keys."""

    locale: str
    width: int
    uses: type[Hands]
    welcome: str
    history: str


VISITORS = {
    "zh-1440": Visitor("zh-CN", 1440, Hands, "欢迎", "观看历史"),
    "zh-390-keyboard": Visitor("zh-CN", 390, Keys, "欢迎", "观看历史"),
    "en-390": Visitor("en-US", 390, Hands, "Welcome", "Watch history"),
    "en-1440-keyboard": Visitor("en-US", 1440, Keys, "Welcome", "Watch history"),
}


@pytest.fixture
def arrive(browser: Browser) -> Iterator[Callable[[Visitor], Hands]]:
    """Opens a browser of its own for a visitor."""
    opened: list[BrowserContext] = []

    def come(visitor: Visitor) -> Hands:
        context = browser.new_context(locale=visitor.locale, viewport={"width": visitor.width, "height": 900})
        opened.append(context)
        user = visitor.uses(context.new_page())
        user.page.on("pageerror", lambda error: user.problems.append(str(error)))
        user.page.on("console", lambda m: user.problems.append(m.text) if "Content Security Policy" in m.text else None)
        return user

    yield come
    for context in opened:
        context.close()


def _message(user: Hands, site: Site, *, to: str, holds: str) -> str:
    """The newest message in the outbox to somebody that holds a pattern; the queue may take a moment."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        user.page.goto(f"{site.url}/user/outbox/")
        for item in user.page.locator(".outbox > li").all_inner_texts():
            if to in item and (found := re.search(holds, item)):
                return found.group()
        user.page.wait_for_timeout(300)
    raise AssertionError(f"no message to {to} with {holds}")


def _sign_in(user: Hands, site: Site, name: str, password: str) -> None:
    user.open(f"{site.url}/user/login/")
    user.write("#username", name)
    user.write("#password", password)
    user.press("main .form > .button")
    user.page.wait_for_url(f"{site.url}/")


def _sign_out(user: Hands, site: Site) -> None:
    user.open(f"{site.url}/user/logout/")
    user.press("main .form > .button")
    user.page.wait_for_url(f"{site.url}/")


def _follow(user: Hands, what: str, path: str) -> None:
    user.press(what)
    user.page.wait_for_url(re.compile(re.escape(path)))
    user.fits()


@pytest.mark.parametrize("who", VISITORS)
def test_a_stranger_becomes_a_member(site, free_film, arrive, who):
    visitor = VISITORS[who]
    name = f"lin-{secrets.token_hex(3)}"
    email, phone = f"{name}@example.com", f"138{secrets.randbelow(10**8):08}"
    password, changed, again = "right horse battery", "another staple entirely", "a third one, also long"
    me = arrive(visitor)

    # register, read the mail, activate
    me.page.goto(site.command("outbox").strip())
    me.open(f"{site.url}/user/login/")
    _follow(me, "main a[href='/user/register/']", "/user/register/")
    me.write("#id_username", name.upper())
    me.write("#id_email", email)
    me.write("#id_password", password)
    me.press("main .form > .button")
    expect(me.page.locator("main strong")).to_have_text(email)
    _follow(me, "main a[href='/user/outbox/']", "/user/outbox/")
    link = _message(me, site, to=email, holds=r"\S+/user/active/\S+")
    _follow(me, f"a[href='{link}']", "/user/active/")
    me.press("main .form > .button")
    expect(me.page.locator("h1")).to_contain_text(visitor.welcome)
    me.fits()
    _follow(me, "main a[href='/user/login/']", "/user/login/")

    # each of the three names opens the account
    _sign_in(me, site, f" {name} ", password)
    me.open(f"{site.url}/user/userown/")
    me.press("section[aria-labelledby=your-phone] summary")
    me.write("#phone-phone", phone)
    me.write("#phone-current", password)
    me.press("section[aria-labelledby=your-phone] .form > .button")
    me.page.wait_for_url(f"{site.url}/user/code/")
    code = _message(me, site, to=phone, holds=r"\b\d{6}\b")
    me.open(f"{site.url}/user/code/")
    me.write("#id_code", code)
    me.press("main form:first-of-type > .button")
    me.page.wait_for_url(f"{site.url}/user/userown/")
    for called in (email.upper(), f"+86 {phone[:3]} {phone[3:7]} {phone[7:]}"):
        _sign_out(me, site)
        _sign_in(me, site, called, password)

    # watch, and find it again
    me.open(f"{site.url}/search/?q={free_film.title}")
    watched = free_film.path
    _follow(me, f"main a[href='{watched}']", watched)
    me.press("[data-play]")
    until(me.page, "document.querySelector('video')?.currentTime > 6")
    me.open(f"{site.url}/user/userinfo/1/")
    expect(me.page.locator("h1")).to_have_text(visitor.history)
    card = f".history-item a[href='{watched}']"
    expect(me.page.locator(card)).to_contain_text(free_film.title)
    _follow(me, card, watched)

    # change the password: the other browser is signed out, this one stays
    other = arrive(visitor)
    _sign_in(other, site, name, password)
    me.open(f"{site.url}/user/userown/")
    me.press("section[aria-labelledby=your-password] summary")
    me.write("#password-current", password)
    me.write("#password-password", changed)
    me.press("section[aria-labelledby=your-password] .form > .button")
    expect(me.page.locator(".toast")).to_be_visible()
    other.open(f"{site.url}/user/userown/")
    assert "/user/login/" in other.page.url
    me.open(f"{site.url}/user/userown/")
    assert me.page.url == f"{site.url}/user/userown/"

    # forgot, reset, sign in
    _sign_out(me, site)
    me.open(f"{site.url}/user/login/")
    _follow(me, "main a[href='/user/forgetpwd/']", "/user/forgetpwd/")
    me.write("#id_username", email)
    me.press("main .form > .button")
    me.page.wait_for_url(f"{site.url}/user/forgetpwd/sent/")
    link = _message(me, site, to=email, holds=r"\S+/user/updata/\S+")
    _follow(me, f"a[href='{link}']", "/user/updata/")
    me.write("#id_password", again)
    me.press("main .form > .button")
    me.page.wait_for_url(f"{site.url}/user/updatasucc/")
    _follow(me, "main a[href='/user/login/']", "/user/login/")
    _sign_in(me, site, name, again)
    assert me.problems == []
    assert other.problems == []


DOORS = [
    "/user/login/",
    "/user/register/",
    "/user/register/?by=phone",
    "/user/register/again/",
    "/user/forgetpwd/",
    "/user/updatasucc/",
    "/user/active/x/",
    "/user/updata/x/",
    "/user/email/x/",
    "/user/outbox/",
    "/user/outbox/?key=used",
]
OWN = [
    "/user/userinfo/1/",
    "/user/uservip/",
    "/user/userorder/1/",
    "/user/userown/",
    "/user/recovery/",
    "/user/confirm/",
    "/user/devices/",
    "/user/secondfactor/",
    "/user/mydata/",
    "/user/logout/",
]


def _axe(page: Page, path: str) -> None:
    page.wait_for_load_state("load")
    for summary in page.locator("main details > summary").all():
        summary.click()
    assert violations(page) == [], path


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_axe_finds_nothing_on_any_page_of_an_account(site, visit, width, theme):
    name = f"axe-{secrets.token_hex(3)}"
    site.run(f"from apps.users.models import User; User.objects.create_user('{name}', password='right horse battery')")
    page = visit.page
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    for path in DOORS:
        page.goto(site.url + path)
        _axe(page, path)
    for path, fields in (
        ("/user/register/", {"#id_username": "a b", "#id_email": "a@example.com", "#id_password": "12345678"}),
        ("/user/login/", {"#username": name, "#password": "wrong"}),
        ("/user/login/", {"#username": name, "#password": "right horse battery"}),
    ):
        page.goto(site.url + path)
        for field_, text in fields.items():
            page.fill(field_, text)
        page.locator("main .form > .button").click()
        _axe(page, f"{path} sent")
    for path in OWN:
        page.goto(site.url + path)
        assert urlsplit(page.url).path == path
        _axe(page, path)
    page.goto(f"{site.url}/user/userown/")
    page.locator("section[aria-labelledby=your-phone] summary").click()
    page.fill("#phone-phone", "12345")
    page.fill("#phone-current", "wrong")
    page.locator("section[aria-labelledby=your-phone] .form > .button").click()
    _axe(page, "/user/userown/ refused")

"""Paying from within WeChat: the page that shows the way out, and its copy button with and without a clipboard."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.steps import sign_in, violations

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

WECHAT = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 "
    "MicroMessenger/8.0.47(0x18002f2c) NetType/WIFI Language/zh_CN"
)
NEW_USER = "from apps.users.models import User; User.objects.create_user('微信买家', password='right horse battery')"
CHECK = "**/order/check/"
LOOK = "document.dispatchEvent(new Event('visibilitychange'))"
NO_CLIPBOARD = "delete Navigator.prototype.clipboard"
NO_COPYING = "document.execCommand = () => false"


def _until(page: Page, what: Callable[[], bool]) -> None:
    for _ in range(100):
        if what():
            return
        page.wait_for_timeout(50)


def _shot(page: Page, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.fixture(scope="module")
def buyer(site, browser: Browser) -> dict:
    """The cookies of a signed-in viewer."""
    site.run(NEW_USER)
    context = browser.new_context(locale="zh-CN")
    sign_in(context.new_page(), site.url, "right horse battery", name="微信买家")
    state = context.storage_state()
    context.close()
    return state  # type: ignore[return-value]


def _inside(browser: Browser, buyer: dict, *, locale: str = "zh-CN") -> BrowserContext:
    return browser.new_context(
        locale=locale, user_agent=WECHAT, viewport={"width": 390, "height": 844}, storage_state=buyer,
        color_scheme="dark", is_mobile=True, has_touch=True,
    )  # fmt: skip


def _order(page: Page, site) -> None:
    page.goto(f"{site.url}/order/openvip/")
    page.locator(".offer button, form button", has_text="支付宝").first.click()
    page.wait_for_url("**/order/outside/**")


def test_the_way_out_is_shown_and_the_link_is_copied(site, browser, buyer):
    context = _inside(browser, buyer)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.url)
    page = context.new_page()
    _order(page, site)
    expect(page.locator("main")).to_contain_text("在浏览器打开")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert violations(page) == []
    _shot(page, "outside-zh")
    page.get_by_role("button", name="复制链接").click()
    expect(page.locator("[data-copy]")).to_have_text("已复制")
    expect(page.locator("#link-said")).to_contain_text("地址栏")
    _shot(page, "outside-zh-copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.locator("#link").input_value()
    context.close()
    stranger = browser.new_context(locale="en", viewport={"width": 390, "height": 844})
    elsewhere = stranger.new_page()  # the system's browser, where nobody is signed in
    elsewhere.goto(link)
    _shot(elsewhere, "outside-en-browser")
    elsewhere.get_by_role("button", name="Pay with Alipay").click()
    elsewhere.wait_for_url(lambda url: not url.startswith(site.url))
    stranger.close()


@pytest.mark.parametrize(
    ("script", "copied"), [("", True), (NO_CLIPBOARD, True), (f"{NO_CLIPBOARD}; {NO_COPYING}", False)]
)
def test_copying_where_the_clipboard_is_refused(site, browser, buyer, script, copied):
    """Denied by the browser; without the API, as in apps; and without any way at all."""
    context = _inside(browser, buyer)
    page = context.new_page()
    page.add_init_script(script)
    _order(page, site)
    denied = context.new_cdp_session(page)
    for unsanitized in (False, True):
        permission = {"name": "clipboard-write", "allowWithoutSanitization": unsanitized}
        denied.send("Browser.setPermission", {"permission": permission, "setting": "denied", "origin": site.url})
    page.get_by_role("button", name="复制链接").click()
    if copied:
        expect(page.locator("[data-copy]")).to_have_text("已复制")
    else:
        expect(page.locator("#link-said")).to_contain_text("长按")
        expect(page.locator("[data-copy]")).to_have_text("复制链接")
        assert page.evaluate("document.activeElement.id") == "link"
        length = page.evaluate("document.activeElement.selectionEnd - document.activeElement.selectionStart")
        assert length == len(page.locator("#link").input_value())
        _shot(page, "outside-zh-refused")
    context.close()


def test_the_page_that_waits_asks_at_its_pace_and_turns(site, browser, buyer):
    """Often at first, less often when the server says so or the page is hidden, and at once when it is shown again."""
    context = browser.new_context(locale="zh-CN", storage_state=buyer)
    page, asked, answer = context.new_page(), [], {"res": 5, "errmsg": "", "state": "pending", "wait": 2}

    def reply(route: Route) -> None:
        asked.append(route.request.post_data)
        said = dict(answer)
        if said["res"] == 0:  # once: the order isn't really paid, so the page would turn again and again
            answer.update(res=5, wait=60)
        route.fulfill(json=said)

    page.route(CHECK, reply)
    page.clock.install()
    page.goto(f"{site.url}/order/openvip/")
    page.locator(".offer button, form button", has_text="支付宝").first.click()
    page.wait_for_url(lambda url: not url.startswith(site.url))
    page.goto(f"{site.url}/user/userorder/1/")
    page.locator("main a[href*='/order/2']").first.click()

    def after(seconds: float, more: int = 1, script: str = "0") -> None:
        """Run a script and wait that long; the page has polled that often by then, and has read the answers."""
        so_far = len(asked)
        page.evaluate(script)
        page.clock.run_for(round(seconds * 1000))
        _until(page, lambda: len(asked) >= so_far + more)
        page.wait_for_timeout(600)
        assert len(asked) == so_far + more

    _until(page, lambda: bool(asked))
    assert "ticket=" in asked[0]
    page.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))
    page.evaluate(LOOK)
    page.wait_for_timeout(300)
    for _ in range(3):
        after(1.6, 0)
        after(0.8)
    answer |= {"res": 7, "errmsg": "没有回应", "wait": 10}
    after(2.4)
    expect(page.locator("[data-said]")).to_have_text("没有回应")
    after(8.4, 0)
    after(3.2)
    answer |= {"res": 5, "wait": 2}
    after(11.6)
    expect(page.locator("[data-said]")).to_contain_text("自动")
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    after(2.4)  # what was due
    after(25.4, 0)
    after(0, script="delete document.hidden;" + LOOK)
    answer |= {"res": 0}
    so_far = len(asked)
    with page.expect_navigation():
        page.clock.resume()  # one that is run across a navigation waits for the page that has gone
    _until(page, lambda: len(asked) >= so_far + 2)  # the page after it has asked, too, and now waits a minute
    page.wait_for_timeout(200)
    context.close()


def test_it_reads_in_english_and_in_the_light(site, browser, buyer):
    context = _inside(browser, buyer, locale="en")
    page = context.new_page()
    page.goto(f"{site.url}/order/openvip/")
    page.get_by_role("button", name="Alipay").first.click()
    page.wait_for_url("**/order/outside/**")
    expect(page.locator("main")).to_contain_text("Open in your browser to pay")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    _shot(page, "outside-en")
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    assert violations(page) == []
    _shot(page, "outside-en-light")
    context.close()

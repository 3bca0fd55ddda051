"""Paying from within WeChat: the page that shows the way out, and its copy button with and without a clipboard."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.steps import sign_in, violations

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

WECHAT = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 "
    "MicroMessenger/8.0.47(0x18002f2c) NetType/WIFI Language/zh_CN"
)
NEW_USER = "from apps.users.models import User; User.objects.create_user('微信买家', password='right horse battery')"
NO_CLIPBOARD = "delete Navigator.prototype.clipboard"
NO_COPYING = "document.execCommand = () => false"


def _shot(page: Page, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.fixture(scope="module")
def buyer(site, browser: Browser) -> dict:
    """The cookies of somebody who is signed in."""
    site.manage("shell", "-c", NEW_USER)
    context = browser.new_context(locale="zh-CN")
    sign_in(context.new_page(), site.url, "right horse battery", name="微信买家")
    state = context.storage_state()
    context.close()
    return state


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


def test_it_reads_in_english_and_in_the_light(site, browser, buyer):
    context = _inside(browser, buyer, locale="en")
    page = context.new_page()
    page.goto(f"{site.url}/order/openvip/")
    page.get_by_role("button", name="Alipay").first.click()
    page.wait_for_url("**/order/outside/**")
    expect(page.locator("main")).to_contain_text("Open it in your browser to pay")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    _shot(page, "outside-en")
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    assert violations(page) == []
    _shot(page, "outside-en-light")
    context.close()

"""What a buyer and an administrator do with money, in a real browser, at the local cashier's own page."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import PATIENCE, play_to_the_end, sign_in
from tests.conftest import make_video

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

NEW_USER = "from apps.users.models import User; User.objects.create_user('买家', password='right horse battery')"


def _pay(page: Page) -> None:
    """On the cashier's page, which then sends the buyer back to the shop."""
    page.get_by_role("button", name=re.compile("确认付款")).click()


def test_a_new_user_buys_watches_tops_up_and_is_refunded(site, vip_film, visit, browser, tmp_path):
    paid = site.add_video(make_video(tmp_path / "p.mp4", seconds=20, size="320x240"), "单片点播", access="paid")
    site.run(NEW_USER)
    page = visit.page
    sign_in(page, site.url, "right horse battery", name="买家")

    # VIP at the cashier, while another tab waits for it
    page.goto(f"{site.url}/order/openvip/")
    page.get_by_role("button", name=re.compile("支付宝")).first.click()
    page.wait_for_url(lambda url: not url.startswith(site.url))
    expect(page.locator("body")).to_contain_text("¥25.00")
    number = re.search(r"\d{24}", page.locator("main").inner_text()).group(0)
    waiting = page.context.new_page()
    waiting.goto(f"{site.url}/order/{number}/")
    expect(waiting.locator("[data-said]")).to_be_visible()
    _pay(page)
    expect(page.locator(".receipt__state--fulfilled")).to_be_visible()
    expect(waiting.locator(".receipt__state--fulfilled")).to_be_visible()
    waiting.close()
    page.goto(f"{site.url}{vip_film.path}")
    assert page.locator(".player__strip").count() == 0
    play_to_the_end(page)
    assert page.evaluate("document.querySelector('video').duration") > 19

    # money into the wallet, and a title out of it at the member price
    page.goto(f"{site.url}/user/wallet/1/")
    page.get_by_role("button", name=re.compile("30")).first.click()
    _pay(page)
    expect(page.locator(".receipt__state--fulfilled")).to_be_visible()
    page.goto(f"{site.url}/single/{paid['movie']}/1/")
    page.get_by_role("link", name=re.compile("购买")).first.click()
    expect(page.locator(".is-yours")).to_contain_text("¥5.00")
    page.get_by_role("button", name=re.compile("钱包支付")).click()
    expect(page.locator(".receipt__state--fulfilled")).to_be_visible()
    page.get_by_role("link", name=re.compile("观看")).click()
    play_to_the_end(page)
    assert page.evaluate("document.querySelector('video').duration") > 19

    # what the account shows
    page.goto(f"{site.url}/user/wallet/1/")
    expect(page.locator(".statement")).to_contain_text("+¥30.00")
    expect(page.locator(".statement")).to_contain_text("−¥5.00")
    page.goto(f"{site.url}/user/userorder/1/")
    for text in ("¥25.00", "¥30.00", "¥5.00", "单片点播"):
        expect(page.locator("main")).to_contain_text(text)
    page.goto(f"{site.url}/user/uservip/")
    expect(page.locator("main")).to_contain_text(re.compile(r"\d{4}年\d{1,2}月\d{1,2}日"))

    # the administrator refunds, and access ends
    office = browser.new_context(locale="zh-CN")
    desk = office.new_page()
    sign_in(desk, site.url, site.password)
    desk.goto(f"{site.url}/admin/orders/order/?q={number}")
    desk.locator("#result_list a", has_text=number).click()
    desk.locator('a[href*="/orders/order/"][href*="/refund/"]').click()
    desk.fill("[name=reason]", "买家申请")
    desk.get_by_role("button", name="退款").click()
    expect(desk.get_by_text(re.compile("退款 ¥25.00|¥25.00.*退款")).first).to_be_visible()
    office.close()
    end = time.monotonic() + PATIENCE
    while not page.locator(".player__strip").count() and time.monotonic() < end:  # the queue asks the gateway
        page.wait_for_timeout(500)
        page.goto(f"{site.url}{vip_film.path}")
    expect(page.locator(".player__strip")).to_be_visible()
    page.goto(f"{site.url}/order/{number}/")
    expect(page.locator("main")).to_contain_text("买家申请")
    page.goto(f"{site.url}/single/{paid['movie']}/1/")
    assert page.locator(".player__strip").count() == 0  # what was bought stays bought
    assert visit.problems == []

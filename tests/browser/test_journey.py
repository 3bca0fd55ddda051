"""What a stranger and a curator do, in a real browser on the real embedded stack."""

from __future__ import annotations

import re
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import READY_WITHIN
from tests.browser.steps import play_to_the_end, sign_in, until, violations
from tests.conftest import make_video

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


def _status(url: str, **headers: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_an_added_file_plays_to_its_end(site, visit, sample):
    name = "bbb_rabbit320.mp4"
    added = site.add_video(sample(name), f"测试片 {name}")
    assert added["state"] == "ready"
    page = visit.page
    page.goto(f"{site.url}/")
    page.get_by_role("link", name=re.compile(re.escape(name))).first.click()
    assert page.url.endswith(f"/single/{added['movie']}/1/")
    play_to_the_end(page)
    assert visit.problems == []
    assert visit.outside == []


def test_seeking_near_the_end_plays_there(site, free_film, visit):
    page = visit.page
    page.goto(site.url + free_film.path)
    page.locator("[data-play]").click()
    until(page, "document.querySelector('video')?.duration > 25")
    page.evaluate("() => { document.querySelector('video').currentTime = 27 }")
    until(page, "document.querySelector('video')?.currentTime > 28")
    assert visit.problems == []


def test_a_vip_title_shows_its_preview_and_then_the_gate(site, vip_film, visit):
    page = visit.page
    page.goto(site.url + vip_film.path)
    expect(page.locator(".player__strip")).to_contain_text("VIP")
    play_to_the_end(page)
    assert page.evaluate("document.querySelector('video')?.duration") < 19
    expect(page.locator(".gate")).to_contain_text("试看已结束")
    expect(page.locator(".gate").get_by_role("link", name="登录")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator(".gate__plan").first).to_be_visible()
    assert page.locator(".gate").evaluate("gate => gate.scrollHeight - gate.clientHeight") == 0


def test_the_real_server_guards_the_files(site, free_film):
    base = f"{site.url}/play/{free_film.movie}/1"
    with urllib.request.urlopen(f"{base}/240p.m3u8", timeout=10) as answer:
        playlist = answer.read().decode()
    address = site.url + re.search(r'URI="([^"]+)"', playlist).group(1)
    size = int(urllib.request.urlopen(address, timeout=10).headers["Content-Length"])
    assert _status(address) == 200
    assert _status(address, Range="bytes=0-99") == 206
    assert _status(address, Range=f"bytes={size}-") == 416
    assert _status(address.replace("st=", "st=x")) == 403
    assert _status(re.sub(r"ts=\d+", "ts=1", address)) == 403
    assert _status(address.split("?")[0]) == 403


def test_a_curator_adds_a_film_publishes_it_and_it_plays(site, visit, tmp_path):
    page = visit.page
    sign_in(page, site.url, site.password)
    page.goto(f"{site.url}/admin/movies/movie/add/")
    page.fill("[name=title]", "后台新片")
    page.select_option("[name=category]", index=1)
    episodes = page.get_by_role("link", name="分集", exact=True)
    episodes.click()
    page.get_by_role("link", name="添加另一个 分集").click()
    page.fill("[name=episodes-0-number]", "1")
    page.set_input_files("[name=episodes-0-upload]", make_video(tmp_path / "新片.mp4", seconds=12, size="640x360"))
    page.get_by_role("button", name="保存并继续编辑").click()
    page.wait_for_url("**/change/**")
    movie = re.search(r"/movie/(\d+)/change/", page.url)
    assert movie
    episodes.click()
    # by itself: the page isn't loaded anew
    expect(page.locator("#episodes-group")).to_contain_text("可播放", timeout=READY_WITHIN * 1000)
    assert _status(f"{site.url}/single/{movie.group(1)}/1/") == 404
    page.goto(f"{site.url}/admin/movies/movie/?q=后台新片")
    page.locator("#result_list [name=_selected_action]").check()
    page.select_option("[name=action]", "publish_titles")
    page.get_by_role("button", name="执行").click()
    expect(page.get_by_text("已更新 1 部影片")).to_be_visible()
    page.context.clear_cookies()
    page.goto(f"{site.url}/")
    page.get_by_role("link", name=re.compile("后台新片")).first.click()
    play_to_the_end(page)
    assert visit.problems == []
    assert visit.outside == []


def test_the_search_box_suggests_and_follows_the_keys(site, free_film, visit):
    page = visit.page
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{site.url}/")
    box = page.get_by_role("combobox")
    box.press_sequentially(free_film.title[:2])
    options = page.get_by_role("listbox").get_by_role("option")
    expect(options.filter(has_text=free_film.title)).not_to_have_count(0)
    edges = page.get_by_role("listbox").bounding_box()
    assert edges["x"] >= 0
    assert edges["x"] + edges["width"] <= 390
    assert violations(page) == []
    box.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    box.fill(free_film.title)
    expect(options).to_have_count(1)
    box.press("ArrowDown")
    expect(options).to_have_attribute("aria-selected", "true")
    box.press("Enter")
    page.wait_for_url(site.url + free_film.path)
    assert visit.problems == []
    assert visit.outside == []


@pytest.mark.parametrize(("width", "theme"), [(1440, "dark"), (390, "light")])
def test_axe_finds_nothing(site, free_film, visit, width, theme):
    page = visit.page
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    for path in (
        "/",
        "/comedy/all/1/",
        free_film.path,
        "/user/login/",
        "/user/uservip/",
        "/search/?q=无",
    ):
        page.goto(site.url + path)
        page.wait_for_load_state("networkidle")
        assert (path, violations(page)) == (path, [])

"""The administration under its policy, which lets no script be made of text: every page, and what moves on it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Visit
from tests.browser.steps import sign_in

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


@pytest.fixture
def administration(site, visit, free_film) -> Iterator[Visit]:
    """A signed-in page that notes warnings too: Alpine says in one what it can't read."""
    page = visit.page
    page.on("console", lambda m: visit.problems.append(m.text) if m.type == "warning" else None)
    page.on("response", lambda r: visit.problems.append(f"{r.status} {r.url}") if r.status >= 400 else None)
    sign_in(page, site.url, site.password)
    yield visit
    assert (visit.problems, visit.outside) == ([], [])


def links(page: Page, selector: str) -> list[str]:
    """The addresses below /admin/ that are linked, without queries."""
    found = page.eval_on_selector_all(selector, "all => all.map(a => a.href)")
    return sorted({urlsplit(url).path for url in found if urlsplit(url).path.startswith("/admin/")})


def test_every_page_runs_no_script_made_of_text(site, administration):
    page = administration.page
    answer = page.goto(f"{site.url}/admin/")
    policy = answer.headers["content-security-policy"]
    scripts = next(part for part in policy.split(";") if part.strip().startswith("script-src"))
    assert scripts.split() == ["script-src", "'self'"]
    lists, visited = links(page, "#nav-sidebar-apps a"), []
    assert len(lists) > 15
    for address in lists:
        page.goto(site.url + address)
        visited.append(address)
        more = links(page, "#result_list th a, #result_list td a, a.addlink, #content a[href$='/add/']")
        for kind in ("/change/", "/add/"):
            if first := next((m for m in more if m.endswith(kind) and m not in visited), None):
                page.goto(site.url + first)
                visited.append(first)
                if kind == "/change/" and page.locator("a[href$='/history/'], a[href$='/delete/']").count():
                    for other in links(page, "a[href$='/history/'], a[href$='/delete/']"):
                        page.goto(site.url + other)
                        visited.append(other)
        assert page.evaluate("Alpine.version") >= "3.17"
    assert len(visited) > 35, visited


def clicking(what: str) -> str:
    """A selector of what runs such an expression when it is clicked."""
    return f'[x-on\\:click="{what}"]'


def test_the_frame_moves(site, administration):
    page = administration.page
    page.goto(f"{site.url}/admin/movies/movie/")
    toggle, root = page.locator(clicking("sidebarDesktopOpen = !sidebarDesktopOpen")), page.locator("html")
    for state in ("0", "1"):
        toggle.click()
        assert page.evaluate("localStorage.getItem('sidebarDesktopOpen')") == state
        page.reload()
        assert page.evaluate("Alpine.$data(document.body).sidebarDesktopOpen") is (state == "1")
    for theme in ("dark", "light"):
        page.locator(clicking("openUserLinks = !openUserLinks")).click()
        page.locator(clicking(f"switchTheme('{theme}')")).click()
        assert ("dark" in (root.get_attribute("class") or "")) is (theme == "dark")
        page.mouse.click(700, 890)
        page.locator(clicking("switchTheme('dark')")).wait_for(state="hidden")
    page.keyboard.press("Control+e")
    assert "dark" in (root.get_attribute("class") or "")
    page.keyboard.press("Control+k")
    command = page.locator("[x-data='searchCommand()']")
    command.wait_for(state="visible")
    with page.expect_response(lambda r: "/admin/palette/" in r.url):
        page.keyboard.type("订单")
        page.keyboard.press("Shift")  # such letters come without a key
    command.locator("#command-results-list a, #command-results a").first.wait_for(state="visible")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    command.wait_for(state="hidden")


def test_lists_move(site, administration):
    page = administration.page
    page.goto(f"{site.url}/admin/movies/movie/")
    page.locator(clicking("filterOpen = true")).first.click()
    panel = page.locator("[x-show='filterOpen']")
    panel.wait_for(state="visible")
    page.keyboard.press("Escape")
    panel.wait_for(state="hidden")
    page.keyboard.press("/")
    page.keyboard.type("三十秒")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=*")
    assert page.locator("#result_list tbody tr").count() == 1
    page.locator("input.action-select").first.check()
    page.select_option("select[name=action]", index=1)
    page.locator("button[name=index]").wait_for(state="visible")


def test_forms_move(site, administration):
    page = administration.page
    page.goto(f"{site.url}/admin/movies/movie/1/change/")
    page.locator(clicking("activeTab = 'credits'")).click()
    page.locator("[x-show=\"activeTab == 'credits'\"]").wait_for(state="visible")
    assert page.locator("#movie_form").get_attribute("action").endswith("/change/#credits")
    rows = "[id^='credits-']:not([id*='__prefix__']) .select2-container"
    before = page.locator(rows).count()
    page.locator("#credits-group .add-row a, #credits-group a.add-row").first.click()
    assert page.locator(rows).count() == before + 1
    page.locator(rows).last.click()
    page.locator(".select2-results__option[role=option]").first.wait_for()
    page.keyboard.press("Escape")
    page.locator(clicking("activeTab = 'general'")).click()
    page.locator(clicking("openRelatedWidgetWrapper = !openRelatedWidgetWrapper") + ":visible").first.click()
    page.locator("nav[x-show='openRelatedWidgetWrapper']:visible").wait_for()
    page.goto(f"{site.url}/admin/orders/coupon/add/")
    page.locator("[id^='calendarlink']").first.click()
    page.locator("[id^='calendarbox'] td a").nth(10).click()
    assert page.locator(".vDateField").first.input_value()

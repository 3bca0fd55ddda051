"""Photographs the pages of a running site into docs/screenshots.

Run by `make screenshots` while `make run` serves; SITE_URL names it (http://127.0.0.1:8000 unless set),
DATA_DIR the folder with the administrator's password, OUT another folder for the pictures, WATCH the path of
the title whose page is photographed.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
OUT = Path(os.environ.get("OUT") or ROOT / "docs" / "screenshots")
SITE = os.environ.get("SITE_URL") or f"http://127.0.0.1:{os.environ.get('PORT') or 8000}"
PASSWORD = Path(os.environ.get("DATA_DIR") or ROOT / "data") / "admin-password"
SIZES = {1440: 1000, 390: 844}
CHROMIUM = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--autoplay-policy=no-user-gesture-required",
]


def settle(page: Page) -> None:
    """Load the pictures further down too, then go back to the top."""
    page.wait_for_load_state("networkidle")
    height = page.evaluate("document.body.scrollHeight")
    for at in range(0, height, 600):
        page.evaluate(f"scrollTo(0, {at})")
        page.wait_for_timeout(60)
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(400)


def shoot(page: Page, name: str, width: int) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=OUT / f"{name}-{width}.png")


def play_a_moment(page: Page) -> None:
    """Begin the film and stop where there is something to see, with the controls shown."""
    if page.locator("[data-play]").count():
        page.locator("[data-play]").click()
        page.wait_for_selector("video")
        page.evaluate(
            "() => { const v = document.querySelector('video'); v.muted = true; v.currentTime = 6; v.play() }"
        )
        page.wait_for_timeout(2500)
        page.evaluate("document.querySelector('video').pause()")
        page.wait_for_timeout(300)


def visit(page: Page, width: int) -> None:
    page.goto(f"{SITE}/")
    settle(page)
    shoot(page, "home", width)
    first = page.locator(".hero__slide.is-shown .button").first.get_attribute("href")
    page.goto(f"{SITE}/comedy/all/1/")
    settle(page)
    shoot(page, "category", width)
    page.goto(SITE + (os.environ.get("WATCH") or first or "/"))
    settle(page)
    play_a_moment(page)
    shoot(page, "watch", width)
    page.goto(f"{SITE}/order/openvip/")
    settle(page)
    shoot(page, "vip", width)
    page.goto(f"{SITE}/user/login/?next=/admin/")
    shoot(page, "login", width)
    page.fill("#username", "admin")
    page.fill("#password", PASSWORD.read_text())
    page.locator("main form button.button").click()
    page.wait_for_url(f"{SITE}/admin/")
    page.wait_for_load_state("networkidle")
    shoot(page, "admin", width)
    page.goto(f"{SITE}/admin/movies/movie/")
    page.wait_for_load_state("networkidle")
    shoot(page, "admin-movies", width)
    page.goto(f"{SITE}/admin/movies/movie/1/change/")
    page.wait_for_load_state("networkidle")
    shoot(page, "admin-movie", width)


def main() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        for width, height in SIZES.items():
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme="dark",
                locale="zh-CN",
                reduced_motion="reduce",
            )
            visit(context.new_page(), width)
            context.close()
        browser.close()
    sys.stdout.write(f"The screenshots are in {OUT}\n")


if __name__ == "__main__":
    main()

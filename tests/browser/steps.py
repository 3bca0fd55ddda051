"""What several of the browser's tests do."""

from __future__ import annotations

import time
from typing import Any

from playwright.sync_api import Page, expect

from tests.conftest import ROOT

PATIENCE = 60.0  # seconds: how long a machine takes says nothing of the site
expect.set_options(timeout=1000 * PATIENCE)

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]


def until(page: Page, condition: str, patience: float = PATIENCE) -> None:
    """Wait for a JavaScript condition; the page's policy forbids the eval that Playwright's own wait needs.

    `patience` (seconds) is far more than it takes.
    """
    end = time.monotonic() + patience
    while not page.evaluate(f"() => Boolean({condition})"):
        assert time.monotonic() < end, f"{condition} was not true within {patience} s"
        page.wait_for_timeout(100)


def play(page: Page) -> None:
    """Press the big button and wait until the picture moves."""
    page.locator("[data-play]").click()
    until(page, "document.querySelector('video')?.currentTime > 0.5")


def play_to_the_end(page: Page) -> None:
    """Watch a short film at four times its speed until it has ended."""
    play(page)
    page.evaluate("() => { document.querySelector('video').playbackRate = 4 }")
    until(page, "document.querySelector('video')?.ended")


def at(page: Page) -> float:
    """Where the film stands, in seconds."""
    return float(page.evaluate("document.querySelector('video').currentTime"))


def seek(page: Page, seconds: float) -> None:
    page.evaluate(f"() => {{ document.querySelector('video').currentTime = {seconds} }}")


def sign_in(page: Page, site: str, password: str, name: str = "admin") -> None:
    page.goto(f"{site}/user/login/")
    page.fill("#username", name)
    page.fill("#password", password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/user/login/" not in url)


def violations(page: Page) -> list[Any]:
    """What axe finds on the page as it stands: rule and elements."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("rules => axe.run({runOnly: rules})", RULES)["violations"]
    return [(v["id"], [n["html"][:120] for n in v["nodes"]][:4]) for v in found]

"""A curator drops the 30 files of a season in no order, and renumbers what came of it, on a desk and on a phone."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import sign_in
from tests.browser.test_upload import drop
from tests.conftest import make_video

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

CHINESE = "一二三四五六七八九十"
COUNT = 30


def chinese(number: int) -> str:
    """21 as 二十一."""
    tens, one = divmod(number, 10)
    ten = "" if not tens else "十" if tens == 1 else CHINESE[tens - 1] + "十"
    return ten + (CHINESE[one - 1] if one else "")


STYLES = {
    1440: [
        lambda n: f"长夜 第{n}集.mp4",
        lambda n: f"长夜.S01E{n:02}.1080p.x264.mp4",
        lambda n: f"长夜 第{chinese(n)}集 4K.mp4",
    ],
    390: [lambda n: f"[字幕组] 远山 - {n:02}v2 [720p].mp4", lambda n: f"EP{n:02}.mp4", lambda n: f"{n:02}_1080p.mp4"],
}


def season(folder: Path, width: int) -> list[Path]:
    """Its files in order, each other than the rest: a moving picture of a second."""
    film = make_video(folder / "film.mp4", seconds=1, size="160x120").read_bytes()
    made = []
    for number in range(1, COUNT + 1):
        style = STYLES[width][number % len(STYLES[width])]
        path = folder / str(width) / style(number)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(film + struct.pack(">I4sII", 16, b"free", width, number))  # ISO/IEC 14496-12 §8.1.2
        made.append(path)
    return made


def numbers(page: Page) -> list[str]:
    return page.locator(".arrange__number:visible").evaluate_all("all => all.map((e) => e.value)")


def files(page: Page) -> list[str]:
    """The names of the files in the episodes' editor, in its order."""
    return [t.split(" · ")[0].strip() for t in page.locator(".arrange__what small").all_inner_texts()]


@pytest.mark.parametrize("width", [1440, 390])
def test_thirty_files_in_no_order_become_a_series_in_order(site, visit, tmp_path, width):
    page = visit.page
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page, site.url, site.password)
    page.goto(f"{site.url}/admin/media/video/add/")
    right = season(tmp_path, width)
    mixed = random.Random(width).sample(right, COUNT)
    drop(page, *mixed)
    expect(page.locator(".upload[data-state=done]")).to_have_count(COUNT)
    page.locator(".add-uploads").get_by_text("新建一部多集影片").click()
    page.fill(".add-uploads [name=title]", f"一季{width}")
    expect(page.locator("[data-arrange-rows] li")).to_have_count(COUNT)
    assert numbers(page) == [str(n) for n in range(1, COUNT + 1)]
    told = page.locator("[data-arrange-rows] [data-file]").all_inner_texts()
    assert told == [path.name for path in right]
    assert page.locator(".is-clash").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.get_by_role("button", name="确认添加").click()
    link = page.locator(".upload [data-link]").first
    expect(link).to_be_visible()
    movie = link.get_attribute("href").rstrip("/").split("/")[-2]
    editor = f"{site.url}/admin/movies/movie/{movie}/episodes/"
    page.goto(editor)
    assert files(page) == [path.name for path in right]

    # One save: two swapped by hand, one dragged to its place, one moved by keyboard.
    names = [path.name for path in right]
    boxes = page.locator(".arrange__number")
    boxes.nth(0).fill("2")
    boxes.nth(1).fill("1")
    boxes.nth(29).focus()
    page.keyboard.press("Alt+ArrowUp")
    grip, goal = page.locator(".arrange__grip").nth(4), page.locator(".arrange__row").nth(2)
    page.locator(".arrange__row").nth(2).scroll_into_view_if_needed()
    start, end = grip.bounding_box(), goal.bounding_box()
    page.mouse.move(start["x"] + 4, start["y"] + 4)
    page.mouse.down()
    page.mouse.move(end["x"] + 4, end["y"] + 2, steps=8)
    page.mouse.up()
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("分集已保存")).to_be_visible()
    assert files(page) == [
        names[1], names[0], names[4], names[2], names[3], *names[5:28], names[29], names[28],
    ]  # fmt: skip
    assert numbers(page) == [str(n) for n in range(1, COUNT + 1)]

    # One is inserted where another is: the others make room.
    page.locator(".arrange__number").nth(29).fill("1")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".is-clash")).to_have_count(1)
    assert numbers(page)[29] == "1"
    page.locator("[name=make_room]").check()
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("分集已保存")).to_be_visible()
    assert files(page)[:3] == [names[28], names[1], names[0]]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert [p for p in visit.problems if "400" not in p] == []
    assert visit.outside == []

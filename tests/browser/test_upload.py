"""A curator uploads, in a real browser on the real embedded stack, with a network that fails."""

from __future__ import annotations

import base64
import os
import re
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import READY_WITHIN
from tests.browser.steps import play_to_the_end, sign_in, until
from tests.cable import Cable
from tests.conftest import make_video

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

SLOW = 1024 * 1024  # bytes a second that a connection carries up
PADDING = 8 * 1024 * 1024
DROP = """([names, contents]) => {
  const carried = new DataTransfer();
  contents.forEach((content, n) => {
    const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
    carried.items.add(new File([bytes], names[n], { type: 'video/mp4', lastModified: 1700000000000 + n }));
  });
  const how = { dataTransfer: carried, bubbles: true, cancelable: true };
  document.querySelector('[data-drop]').dispatchEvent(new DragEvent('drop', how));
}"""


def open_page(page: Page, site, url: str = "") -> None:
    """The upload page, seen through `url` if not directly."""
    sign_in(page, url or site.url, site.password)
    page.goto(f"{url or site.url}/admin/media/video/add/")


def drop(page: Page, *files: Path) -> None:
    """Drag these files onto the page."""
    page.evaluate(DROP, [[f.name for f in files], [base64.b64encode(f.read_bytes()).decode() for f in files]])


def row(page: Page, name: str):
    return page.locator(".upload", has=page.locator(f"[data-name]:text-is('{name}')"))


def sent(page: Page, name: str) -> float:
    return row(page, name).locator("progress").evaluate("bar => bar.value")


@pytest.fixture
def cable(site) -> Iterator[Cable]:
    """A slow line to the site."""
    with Cable(site.port, rate=SLOW) as line:
        yield line


@pytest.fixture(scope="module")
def films(tmp_path_factory) -> list[Path]:
    """Two short films in files of PADDING bytes, so that sending them takes a while and encoding them doesn't."""
    folder = tmp_path_factory.mktemp("films")
    made = [make_video(folder / name, seconds=4, size="320x240") for name in ("第1集.mp4", "第2集.mp4")]
    for film in made:
        with film.open("ab") as file:
            file.write(struct.pack(">I4s", PADDING + 8, b"free") + os.urandom(PADDING))  # ISO/IEC 14496-12 §8.1.2
    return made


def test_two_dragged_files_survive_a_lost_network_a_pause_and_a_reload(site, cable, visit, films):
    page = visit.page
    page.on("dialog", lambda dialog: dialog.accept())
    open_page(page, site, f"http://127.0.0.1:{cable.port}")
    first, second = (film.name for film in films)
    drop(page, *films)
    until(
        page,
        "[...document.querySelectorAll('.upload progress')].filter(b => b.value > 0.5).length == 2",
        30,
    )
    assert visit.problems == []
    cable.cut()
    expect(row(page, first)).to_have_attribute("data-state", "lost")
    expect(row(page, first)).to_contain_text("网络已断开")
    cable.mend()
    expect(row(page, first)).to_have_attribute("data-state", "sending")

    row(page, second).locator("[data-main]").click()
    expect(row(page, second)).to_have_attribute("data-state", "paused")
    page.reload()
    expect(row(page, second)).to_have_attribute("data-state", "needsFile")
    kept = sent(page, second)
    assert 0 < kept < 1
    drop(page, *films)
    assert sent(page, second) >= kept
    cable.rate = 0
    for name in (first, second):
        expect(row(page, name)).to_have_attribute("data-state", "done")

    page.locator(".add-uploads").get_by_text("为每个文件新建一部电影草稿").click()
    page.get_by_role("button", name="确认添加").click()
    for name in (first, second):
        expect(row(page, name)).to_contain_text(name.removesuffix(".mp4"))
        expect(row(page, name).locator("[data-link]")).to_be_visible()
    movies = [
        re.search(r"/movie/(\d+)/", row(page, name).locator("[data-link]").get_attribute("href")).group(1)
        for name in (first, second)
    ]
    for movie in movies:
        end = time.monotonic() + READY_WITHIN
        page.goto(f"{site.url}/single/{movie}/1/")
        while not page.locator("[data-play]").count() and time.monotonic() < end:
            page.wait_for_timeout(500)
            page.reload()
        play_to_the_end(page)


def test_a_file_that_is_there_is_attached_at_once(site, visit, films):
    page = visit.page
    open_page(page, site)
    sent_bytes: list[str] = []
    page.on(
        "request",
        lambda r: sent_bytes.append(r.url) if r.method in {"PATCH", "POST"} and "/media/uploads/" in r.url else None,
    )
    drop(page, films[0])
    expect(row(page, films[0].name)).to_have_attribute("data-state", "done")
    expect(row(page, films[0].name)).to_contain_text("秒传成功")
    assert all(url.endswith("/known/") for url in sent_bytes)
    page.locator(".add-uploads").get_by_text("新建一部多集影片").click()
    page.fill(".add-uploads [name=title]", "秒传剧")
    page.get_by_role("button", name="确认添加").click()
    expect(row(page, films[0].name).locator("[data-link]")).to_contain_text("秒传剧 · 1")
    assert visit.problems == []
    assert visit.outside == []


def test_what_cannot_be_is_said(site, visit, tmp_path):
    page = visit.page
    open_page(page, site)
    empty = tmp_path / "空.mp4"
    empty.touch()
    drop(page, empty)
    expect(page.locator("[data-notes]")).to_contain_text("空.mp4: 文件为空。")
    text = tmp_path / f"一份名字很长的会议纪要_{'A.Very.Long.Name.' * 6}.mp4"
    text.write_text("这不是视频" * 500)
    drop(page, text)
    expect(row(page, text.name)).to_contain_text("无法播放")
    expect(row(page, text.name).locator("[data-tick]")).not_to_be_checked()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    drop(page, text)
    expect(page.locator("[data-notes]")).to_contain_text("已在列表中")
    page.on("dialog", lambda dialog: dialog.accept())
    row(page, text.name).locator("[data-remove]").click()
    expect(row(page, text.name)).to_have_count(0)
    page.reload()
    expect(page.locator("[data-summary]")).not_to_contain_text(text.name)
    expect(row(page, text.name)).to_have_count(0)
    assert visit.problems == []

"""The player as viewers hold it: by mouse, keyboard and finger, in two tabs, past the end of its addresses."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator

import imageio_ffmpeg
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.steps import at, play, seek, sign_in, until, violations
from tests.conftest import make_video
from tests.media.test_captions import with_texts, written_ass

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("playing")]

LENGTH = 80  # seconds
SPOKEN = "1\n00:00:01,000 --> 00:01:10,000\n海上生明月\n"
PAUSED = "document.querySelector('video').paused"


@pytest.fixture(scope="module")
def film(site, tmp_path_factory) -> str:
    """The address of a free film with subtitles."""
    folder = tmp_path_factory.mktemp("film")
    picture = make_video(folder / "picture.mp4", seconds=LENGTH, size="320x240")
    (folder / "words.srt").write_text(SPOKEN)
    subprocess.run(
        [
            *(imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", picture, "-i", folder / "words.srt"),
            *("-c", "copy", "-c:s", "srt", "-metadata:s:s:0", "language=zho", "-disposition:s:0", "0"),
            folder / "film.mkv",
        ],
        check=True,
    )
    added = site.add_video(folder / "film.mkv", "海上的电影")
    return f"{site.url}/single/{added['movie']}/1/"


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(
        locale="zh-CN", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True,
        user_agent="Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36",
    )  # fmt: skip
    yield context.new_page()
    context.close()


def _middle(page: Page, across: float) -> tuple[float, float]:
    box = page.locator("video").bounding_box()
    assert box
    return box["x"] + across * box["width"], box["y"] + box["height"] / 2


def _tap_twice(page: Page, across: float) -> None:
    """At one moment by the page's clock, however long the machine takes; the next two come later."""
    page.evaluate("() => { const at = 3e12 + 1e6 * (window.taps = (window.taps ?? 0) + 1); Date.now = () => at; }")
    for _ in range(2):
        page.touchscreen.tap(*_middle(page, across))


def _stands_at(page: Page, seconds: float) -> None:
    until(page, f"Math.abs(document.querySelector('video').currentTime - {seconds}) < 0.2")


def test_no_player_runs_what_a_subtitle_holds(visit, site, tmp_path):
    """Ours, whose cues hls.js reads, shows by itself what the film wants shown; the browser's own shows it as well."""
    picture = make_video(tmp_path / "picture.mp4", seconds=5, size="320x240")
    hostile = '<script>ran=1</script><img src=x onerror="ran=1"><v Bob onclick=ran=1>{\\i1}斜体{\\i0} & {\\pos(1,2)}完'
    path = with_texts(
        tmp_path / "hostile.mkv",
        written_ass(tmp_path / "a.ass", hostile),
        film=picture,
        options=("-disposition:s:0", "default"),
    )
    added = site.add_video(path, "脚本字幕")
    page = visit.page
    page.goto(f"{site.url}/single/{added['movie']}/1/")
    play(page)
    shown = '<script>ran=1</script><img src=x onerror="ran=1"><v Bob onclick=ran=1>斜体 & 完'
    expect(page.locator(".player__cue")).to_have_text(shown)
    assert page.locator(".player__cue i").inner_text() == "斜体"
    assert page.locator(".player__cue *:not(i)").count() == 0
    native = r"""async (movie) => {
      const text = async (address) => (await fetch(new URL(address, location))).text();
      const lines = (await text(`/play/${movie}/1/master.m3u8`)).match(/TYPE=SUBTITLES.*URI="([^"]*)"/);
      const src = (await text(lines[1])).split("\n").find((line) => line.startsWith("/"));
      const video = document.createElement("video"), track = Object.assign(document.createElement("track"), { src });
      video.append(track);
      document.body.append(video);
      track.track.mode = "showing";
      await new Promise((done, failed) => Object.assign(track, { onload: done, onerror: failed }));
      const cue = track.track.cues[0].getCueAsHTML();
      return [cue.textContent, [...cue.querySelectorAll("*")].map((one) => one.localName)];
    }"""
    assert page.evaluate(native, added["movie"]) == [shown, ["i"]]
    assert page.evaluate("typeof ran") == "undefined"
    assert visit.problems == []


def test_foreign_parts_are_translated_where_nothing_else_is_shown(visit, site, tmp_path):
    """In the language of the sound; that is no choice of the menu, and another language's isn't shown."""
    texts = [tmp_path / f"{name}.srt" for name in ("whole", "foreign", "other")]
    for path in texts:
        path.write_text(f"1\n00:00:00,000 --> 00:00:08,000\n{path.stem}\n")
    picture = make_video(tmp_path / "picture.mp4", seconds=8, size="320x240")
    names = ("-metadata:s:a", "language=eng", "-metadata:s:s:0", "language=chi", "-metadata:s:s:1", "language=eng")
    flags = ("-disposition:s:0", "0", "-disposition:s:1", "forced", "-disposition:s:2", "forced")
    options = (*names, "-metadata:s:s:2", "language=fra", *flags)
    path = with_texts(tmp_path / "film.mkv", *texts, film=picture, options=options)
    page = visit.page
    page.goto(f"{site.url}/single/{site.add_video(path, '外语片段')['movie']}/1/")
    play(page)
    expect(page.locator(".player__cue")).to_have_text("foreign")
    assert page.locator(".player__chooser--subtitles [role=menuitemradio]").all_text_contents() == ["关闭", "中文"]
    page.keyboard.press("c")
    expect(page.locator(".player__cue")).to_have_text("whole")
    page.keyboard.press("c")
    expect(page.locator(".player__cue")).to_have_text("foreign")
    assert visit.problems == []


def test_subtitles_are_shown_and_remembered(visit, film):
    page = visit.page
    page.goto(film)
    play(page)
    page.keyboard.press("c")
    expect(page.locator(".player__cue")).to_have_text("海上生明月")
    page.reload()
    play(page)
    expect(page.locator(".player__cue")).to_have_text("海上生明月")
    page.keyboard.press("c")
    expect(page.locator(".player__cue")).to_have_count(0)
    assert visit.problems == []


def test_the_keys_and_the_buttons_say_and_do_the_same(visit, film):
    page = visit.page
    page.goto(film)
    page.keyboard.press("k")  # opens the player and plays
    until(page, "document.querySelector('video')?.currentTime > 0.5")
    page.locator("video").dblclick(position={"x": 100, "y": 100})  # for the full screen: it plays on
    until(page, f"document.fullscreenElement && !{PAUSED}")
    page.keyboard.press("f")
    until(page, "!document.fullscreenElement")
    page.keyboard.press("m")
    expect(page.get_by_role("button", name="取消静音")).to_have_count(1)
    page.keyboard.press(">")
    assert page.evaluate("document.querySelector('video').playbackRate") == 1.25
    page.keyboard.press("Space")
    assert page.evaluate(PAUSED)
    seek(page, 30)
    page.keyboard.press("l")
    page.keyboard.press("ArrowLeft")
    assert at(page) == pytest.approx(35, abs=0.2)
    names = (
        "[...document.querySelectorAll('.art-bottom button')].filter(b => b.checkVisibility()).map(b => b.ariaLabel)"
    )
    assert all(page.evaluate(names))
    assert visit.problems == []


@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_on_the_open_player(visit, film, width):
    page = visit.page
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(reduced_motion="reduce")
    page.goto(film)
    play(page)
    page.keyboard.press("Space")
    page.get_by_role("button", name="倍速").click()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert violations(page) == []


def test_the_wide_player_fills_the_page_s_width_and_is_remembered(visit, film):
    page = visit.page
    page.goto(film)
    play(page)
    page.keyboard.press("t")
    wide = page.get_by_role("button", name="宽屏模式")
    expect(wide).to_have_attribute("aria-pressed", "true")
    box = page.locator(".watch__player").bounding_box()
    assert box
    assert box["width"] == page.evaluate("document.documentElement.clientWidth")
    page.reload()
    play(page)
    expect(wide).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("t")
    expect(wide).to_have_attribute("aria-pressed", "false")


def test_a_card_that_is_rested_on_plays_pictures_of_its_title(visit, film):
    page = visit.page
    asked = []
    page.on("request", lambda r: asked.append(r.url.split("?")[0]) if re.search("/(play|v)/", r.url) else None)
    page.goto(film.split("/single/")[0])
    card = page.get_by_role("link", name="海上的电影").first
    pictures = page.locator(".card__preview")
    height = page.evaluate("document.body.scrollHeight")
    card.hover()
    assert asked == []
    expect(pictures).to_have_count(1)
    assert page.evaluate("document.body.scrollHeight") == height
    assert [address.rsplit(".")[-1] for address in asked] == ["vtt", "jpg"]
    first = page.locator(".card__tile").evaluate("tile => tile.style.backgroundPosition")
    page.wait_for_timeout(600)
    assert page.locator(".card__tile").evaluate("tile => tile.style.backgroundPosition") != first
    page.mouse.move(0, 0)
    expect(pictures).to_have_count(0)
    page.emulate_media(reduced_motion="reduce")
    card.hover()
    page.wait_for_timeout(900)
    expect(pictures).to_have_count(0)
    assert len(asked) == 2
    assert visit.problems == []


def test_an_older_tab_does_not_take_the_viewer_back(visit, site, film):
    page = visit.page
    sign_in(page, site.url, site.password)
    beats = []
    page.context.on(
        "request", lambda r: beats.append(json.loads(r.post_data)) if r.url.endswith("/progress/") else None
    )
    page.goto(film)
    play(page)
    newer = page.context.new_page()
    newer.goto(film)
    play(newer)
    seek(newer, 50)
    with newer.expect_response("**/progress/"):  # five seconds on: what is kept is the newer one's
        until(newer, "document.querySelector('video').currentTime > 51")
    newer.wait_for_timeout(6000)
    with page.expect_response("**/progress/"):
        page.keyboard.press("Space")  # the older one, playing all the time, stops and says so
    page.close()
    answer = newer.context.request.get(film).text()
    assert float(re.search(r'"resumeAt": ([\d.]+)', answer).group(1)) > 50
    tabs = {beat["tab"] for beat in beats}
    assert len(tabs) == 2
    for tab in tabs:
        numbers = [beat["number"] for beat in beats if beat["tab"] == tab]
        assert numbers == sorted(set(numbers))


def test_expired_addresses_are_renewed_and_what_was_paused_stays_paused(visit, film):
    page = visit.page
    page.goto(film)
    play(page)
    page.keyboard.press("Space")
    expired = []

    def once(route):
        if expired:
            return route.continue_()
        expired.append(route.request.url)
        return route.fulfill(status=410)

    page.route("**/v/**", once)
    for place in (70, 20, 60, 35, 75):  # more often than it may happen with nothing loaded in between
        expired.clear()
        page.evaluate("document.querySelector('video').currentTime = 0")
        seek(page, place)
        page.wait_for_timeout(400)
        until(page, "document.querySelector('video').readyState > 2")
        assert page.evaluate(PAUSED)
    assert abs(at(page) - 75) < 1
    expect(page.locator(".gate")).to_have_count(0)


def test_on_a_phone_the_picture_stays_while_the_page_scrolls(phone, film):
    phone.goto(film)
    play(phone)
    phone.evaluate("scrollTo({top: 500, behavior: 'instant'})")
    phone.wait_for_timeout(300)
    header, picture = phone.locator(".header").bounding_box(), phone.locator("video").bounding_box()
    assert header
    assert picture
    assert picture["y"] == pytest.approx(header["height"], abs=1)
    assert phone.evaluate("document.documentElement.scrollWidth") == 390


def test_a_finger_seeks_and_pauses(phone, film):
    phone.goto(film)
    play(phone)
    phone.keyboard.press("k")
    seek(phone, 30)
    _tap_twice(phone, 0.9)
    _stands_at(phone, 40)
    _tap_twice(phone, 0.1)
    _stands_at(phone, 30)
    session = phone.context.new_cdp_session(phone)
    x, y = _middle(phone, 0.3)
    for name, moved in (
        ("touchStart", 0),
        ("touchMove", 20),
        ("touchMove", 60),
        ("touchMove", 100),
        ("touchEnd", None),
    ):
        points = [] if moved is None else [{"x": x + moved, "y": y}]
        session.send("Input.dispatchTouchEvent", {"type": name, "touchPoints": points})
    until(phone, "document.querySelector('video').currentTime > 35")
    _tap_twice(phone, 0.5)
    until(phone, f"!{PAUSED}")

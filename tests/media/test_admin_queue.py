"""The administration's queue and page of a video: how far, how long still, why it failed, what is stored, buttons."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from apps.media import services
from apps.media.models import State, Video
from apps.media.presenters import seconds_left
from apps.media.stored_files import stored_files
from apps.movies.models import Access, Episode, Status
from tests.factories import make_episode, make_movie, make_user, make_video
from tests.media.footage import make
from utils.storages import videos

pytestmark = pytest.mark.django_db
LIST = "admin:media_video_changelist"


@pytest.fixture
def curator(client):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def act(client, action: str, *videos: Video):
    data = {"action": action, "_selected_action": [video.pk for video in videos]}
    return client.post(reverse(LIST), data, follow=True).content.decode()


def test_what_runs_says_how_long_it_will_take(curator):
    now = timezone.now()
    video = make_video()
    video.state, video.progress, video.started_at = State.PROCESSING, 0.25, now - timedelta(minutes=1)
    video.save()
    assert seconds_left(video, now) == pytest.approx(180, abs=1)
    page = curator.get(reverse(LIST)).content.decode()
    assert "25 %" in page
    assert "预计还需 3 分钟" in page


@pytest.mark.parametrize(("state", "progress"), [(State.PROCESSING, 0.01), (State.READY, 1), (State.UPLOADED, 0.5)])
def test_where_nothing_can_be_said_nothing_is(state, progress):
    video = Video(state=state, progress=progress, started_at=timezone.now())
    assert seconds_left(video, timezone.now()) is None


def test_stopping_and_beginning_again(curator):
    waiting, running, ready = make_video(), make_video(), make_video()
    Video.objects.filter(pk=waiting.pk).update(state=State.UPLOADED)
    Video.objects.filter(pk=running.pk).update(state=State.PROCESSING, lease_owner="w", lease_until=timezone.now())
    assert "已停止 2 个" in act(curator, "cancel_encoding", waiting, running, ready)
    states = dict(Video.objects.values_list("pk", "state"))
    assert states == {waiting.pk: State.FAILED, running.pk: State.FAILED, ready.pk: State.READY}
    assert "已停止 0 个" in act(curator, "cancel_encoding", waiting, running, ready)
    act(curator, "retry_encoding", waiting, running)
    assert {v.state for v in Video.objects.exclude(pk=ready.pk)} == {State.UPLOADED}


def put(state: str, **values) -> Video:
    video = make_video()
    Video.objects.filter(pk=video.pk).update(state=state, **values)
    return video


@pytest.fixture
def staff(client):
    """Staff with the rights they are given by name."""

    def signed_in(*rights: str):
        user = make_user(is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=rights))
        client.force_login(user)
        return client

    return signed_in


def panel(client) -> str:
    return client.get(reverse("admin:media_video_encoding"), {"ids": "queue"}).json()["queue"]


def words(html: str) -> str:
    return " ".join(strip_tags(html).split())


def test_the_queue_at_a_glance(curator):
    now = timezone.now()
    began = timezone.localtime(now - timedelta(minutes=10))
    put(State.PROCESSING, progress=0.5, started_at=began, attempts=3, lease_until=now + timedelta(hours=1))
    put(State.PROCESSING, progress=0.01, started_at=now, attempts=1, lease_until=now - timedelta(hours=1))
    put(State.FAILED, failure="no_video", original_name="坏的.mp4")
    for _ in range(8):
        put(State.UPLOADED, lease_until=now)
    make_video()
    said = words(panel(curator))
    assert "排队中 8 转码中 2 失败 1 可播放 1" in said
    assert "50 % · 预计还需 10 分钟" in said
    assert f"{began:%H:%M} 开始，已用 10 分钟" in said
    assert "第 3 次尝试" in said
    assert said.count("转码进程没有响应") == 1
    assert "坏的.mp4 文件里只有声音，没有画面。请重新导出" in said
    assert "还有 3 个" in said
    assert words(curator.get(reverse(LIST)).content.decode()).count("正在转码 ") == 1


def test_the_panel_asks_as_little_of_many_videos(curator, django_assert_num_queries):
    for _ in range(2):
        for state in State.values:
            put(state, started_at=timezone.now())
    address = reverse("admin:media_video_encoding")
    with CaptureQueriesContext(connection) as few:
        curator.get(address, {"ids": "queue"})
    with CaptureQueriesContext(connection) as few_listed:
        curator.get(reverse(LIST))
    rows = [Video(original="x", original_name=f"{n}.mp4", size=1, state=state) for n in range(300) for state in State]
    Video.objects.bulk_create(rows)
    with django_assert_num_queries(len(few)):
        curator.get(address, {"ids": "queue"})
    with django_assert_num_queries(len(few_listed)):
        page = curator.get(reverse(LIST)).content.decode()
    assert page.count("queue__row") == 35  # 20 that run, 5 that wait, 5 for room, 5 that failed


def test_what_was_stopped_before_it_began_is_among_the_newest_failures(curator):
    for _ in range(6):
        put(State.FAILED, failure="no_video", started_at=timezone.now() - timedelta(days=1))
    waiting = put(State.UPLOADED, original_name="刚停.mp4", started_at=None)
    curator.post(reverse("admin:media_video_stop", args=[waiting.pk]))
    assert "刚停.mp4 转码已手动停止" in words(panel(curator)).split("最近失败 ")[1]


def test_an_empty_queue_says_so_in_figures(curator):
    assert words(panel(curator)) == "排队中 0 转码中 0 失败 0 可播放 0"


def test_a_failure_that_was_queued_again_is_no_failure_any_more(curator):
    video = put(State.FAILED, failure="no_video")
    curator.post(reverse("admin:media_video_again", args=[video.pk]))
    assert "没有画面" not in panel(curator)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("stop", State.UPLOADED, State.FAILED),
        ("stop", State.PROCESSING, State.FAILED),
        ("stop", State.READY, State.READY),
        ("again", State.FAILED, State.UPLOADED),
        ("again", State.READY, State.UPLOADED),
        ("again", State.PROCESSING, State.PROCESSING),
    ],
)
def test_buttons_act_by_post_alone_and_once(curator, name, before, after):
    video = put(before)
    address = reverse(f"admin:media_video_{name}", args=[video.pk])
    assert curator.get(address).status_code == 405
    assert Video.objects.get(pk=video.pk).state == before
    for _ in range(2):
        assert curator.post(address).url == reverse(LIST)
        assert Video.objects.get(pk=video.pk).state == after
    assert curator.post(address, {"page": 1}).url == reverse("admin:media_video_change", args=[video.pk])
    assert LogEntry.objects.filter(object_id=video.pk).count() == (before != after)


def test_a_button_for_no_video_and_one_without_its_token(client):
    user = make_user(is_staff=True, is_superuser=True)
    client.force_login(user)
    assert client.post(reverse("admin:media_video_again", args=[10**30])).status_code == 404
    guarded = Client(enforce_csrf_checks=True)
    guarded.force_login(user)
    video = put(State.FAILED)
    assert guarded.post(reverse("admin:media_video_again", args=[video.pk])).status_code == 403
    assert Video.objects.get(pk=video.pk).state == State.FAILED


def test_view_only_staff_get_no_buttons(staff):
    video = put(State.FAILED, failure="no_video")
    looker = staff("view_video")
    change = reverse("admin:media_video_change", args=[video.pk])
    for page in (panel(looker), looker.get(change).content.decode()):
        assert "没有画面" in page
        assert "queue__button" not in page
    for name in ("again", "stop"):
        assert looker.post(reverse(f"admin:media_video_{name}", args=[video.pk])).status_code == 403
    act(looker, "retry_encoding", video)
    assert Video.objects.get(pk=video.pk).state == State.FAILED


def test_staff_without_rights_see_nothing(staff):
    video = make_video()
    stranger = staff()
    for address in (reverse(LIST), reverse("admin:media_video_change", args=[video.pk])):
        assert stranger.get(address).status_code == 403
    assert stranger.get(reverse("admin:media_video_encoding"), {"ids": "queue"}).status_code == 403


# --- The page of a video ----------------------------------------------------------------------


def page_of(client, video: Video) -> str:
    return client.get(reverse("admin:media_video_change", args=[video.pk])).content.decode()


def config_in(page: str) -> dict:
    return json.loads(re.search(r'<script id="player-config" type="application/json">(.*?)</script>', page)[1])


def stored_bytes() -> int:
    return sum(file.stat().st_size for file in Path(videos().path("")).rglob("*") if file.is_file())


def test_a_real_file_is_told_in_words_and_played(curator, tmp_path):
    before = stored_bytes()
    film = make(tmp_path / "f.mkv", "-c:a", "ac3", "-metadata:s:a:0", "language=chi", "-metadata:s:a:0", "title=国语")
    video = services.add_video(path=film, original_name="长安.mkv")
    Video.objects.filter(pk=video.pk).update(state=State.UPLOADED)
    services.process(video_id=video.pk)
    video.refresh_from_db()
    assert video.state == State.READY
    said = words(page_of(curator, video))
    for fact in (
        "MKV / WebM",
        "H.264",
        "192 × 108 · 25 帧/秒",
        "SDR · 8 位 · 4:2:0",
        "中文 · 国语 · Dolby Digital · 单声道",
    ):
        assert fact in said, fact
    assert "还没有分集使用该视频" in said
    for row in video.renditions.all():
        assert row.codecs in said
    assert stored_files(video).size == stored_bytes() - before + video.thumbnail.size
    assert re.search(rf"进度条预览图 ?{video.storyboard.count} 张", said)

    episode = Episode.objects.create(movie=make_movie(status=Status.DRAFT), number=3, video=video)
    page = page_of(curator, video)
    assert f"{episode.movie.title} · 第 3 集" in words(page)
    config = config_in(page)
    assert config["progressUrl"] == ""
    master = curator.get(config["master"])
    assert master.status_code == 200
    assert "RESOLUTION=192x108" in master.content.decode()


def test_the_whole_title_is_played_where_viewers_get_a_preview(curator):
    episode = make_episode(access=Access.VIP)
    Video.objects.filter(pk=episode.video_id).update(state=State.PROCESSING)
    page = page_of(curator, episode.video)
    assert config_in(page)["gate"]["kind"] == "full"
    assert curator.get(config_in(page)["master"]).status_code == 200
    assert "之前转码的版本仍可正常观看" in page


def test_what_only_a_deleted_title_uses_has_no_player(curator):
    episode = make_episode(movie=make_movie(deleted_at=timezone.now()))
    page = page_of(curator, episode.video)
    assert "还没有分集使用该视频" in page
    assert episode.movie.title in page
    assert "player-config" not in page


def test_why_it_failed_and_what_is_missing(curator):
    video = put(State.FAILED, failure="damaged@83", failure_detail="moov <atom> not found", ready_at=None)
    Episode.objects.create(movie=make_movie(), number=1, video=video)
    page = page_of(curator, video)
    assert "文件在 1:23 处损坏" in page
    assert "moov &lt;atom&gt; not found" in page
    assert "首个清晰度转码完成后即可在此播放" in page
    assert "没有检测结果" in page
    assert "文件缺失" in page  # its original and storyboard were never stored


def test_the_page_asks_as_little_of_many_files(curator, django_assert_num_queries):
    video = make_episode().video
    with CaptureQueriesContext(connection) as few:
        page_of(curator, video)
    for n in range(30):
        Episode.objects.create(movie=make_movie(), number=1, video=video)
        video.renditions.create(
            kind="audio", name=f"a{n + 1}", file=f"{n}", size=1, codecs="mp4a.40.2", channels=2, bandwidth=1,
            average_bandwidth=1, duration=1, init_length=1, segments=[],
        )  # fmt: skip
    with django_assert_num_queries(len(few)):
        page_of(curator, video)


def test_nothing_to_save_no_button_that_saves(curator):
    video = make_video()
    assert 'name="_save"' not in page_of(curator, video)
    video.subtitles.create(language="zh", label="中文", file="zh.vtt")
    page = page_of(curator, video)
    assert 'name="_save"' in page
    assert 'name="_addanother"' not in page

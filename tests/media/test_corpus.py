"""Every file of the corpus beside the project ends as it should, and leaves nothing behind."""

from __future__ import annotations

import csv
import os
import tempfile
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from apps.media.models import Rendition, State, Video
from apps.media.services import add_video, examine, process
from apps.media.services.care import named_files
from tests.conftest import ROOT
from tests.media import footage
from utils.storages import videos

CORPUS = ROOT.parent / "shared" / "data" / "video"
REFUSED = {
    "audio_only_15s.mp4": "no_video",
    "bbb_truncated_400k.mp4": "damaged@3",
    "html_named.mp4": "not_a_video",
    "m3u8_localfile_named.mp4": "not_a_video",
    "malformed_free_box.mp4": "damaged@0",
    "zero_length.mp4": "not_a_video",
}
SHOWN = {"anamorphic_sar64_45.mp4": (1138, 640)}  # where it isn't the coded size

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not beside the project"),
]


def rows() -> list[dict[str, str]]:
    with (CORPUS / "manifest.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def stored_files() -> dict[str, int]:
    """Name → bytes of everything in the video storage."""
    root = Path(videos().location)
    return {str(p.relative_to(root)): p.stat().st_size for p in root.rglob("*") if p.is_file()}


def children() -> list[str]:
    """What this process started and still runs, but for the broker of the tests."""
    table = (Path("/proc") / str(os.getpid()) / "task" / str(os.getpid()) / "children").read_text()
    names = [(Path("/proc") / pid / "comm").read_text().strip() for pid in table.split()]
    return [name for name in names if "valkey" not in name and "redis" not in name]


def test_the_whole_corpus(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in stored_files():
        videos().delete(name)
    before = children()
    for row in rows():
        video = add_video(path=CORPUS / row["file"], original_name=row["file"])
        process(video_id=video.pk)
        process(video_id=video.pk, long=True)  # those that were passed on to the queue of long work
        video.refresh_from_db()
        check(video, row)
    assert children() == before
    assert list(Path(settings.WORK_DIR).iterdir()) == list(tmp_path.iterdir()) == []
    on_disk = stored_files()
    assert set(on_disk) == named_files()
    for name, size in [
        *Video.objects.values_list("original", "size"),
        *Rendition.objects.values_list("file", "size"),
    ]:
        assert on_disk[name] == size
    assert list(examine(at=timezone.now())) == []


def check(video: Video, row: dict[str, str]) -> None:
    name = row["file"]
    ended = (video.state, video.failure)
    if name in REFUSED:
        assert ended == (State.FAILED, REFUSED[name]), name
        assert not video.renditions.exists()
        return
    assert ended == (State.READY, ""), (name, video.failure_detail)
    assert video.duration == pytest.approx(float(row["duration"]), abs=0.2), name
    width, height = SHOWN.get(name) or map(int, row["size"].split("x"))
    assert (video.width, video.height) == (width, height), name
    assert video.has_audio == ("a:" in row["codecs"]), name
    assert video.subtitles.exists() == ("s:" in row["codecs"]), name
    assert bool(video.chapters) == ("chapters" in row["oddity"]), name
    for rung in footage.rungs_of(video):
        assert rung.duration == pytest.approx(float(row["duration"]), abs=0.2), (name, rung.name)
        assert rung.width % 2 == rung.height % 2 == 0
        assert rung.width / rung.height == pytest.approx(width / height, rel=0.02), (name, rung.name)
        assert rung.height <= height
    for sound in footage.sounds_of(video):
        assert sound.duration <= video.duration + 0.2, (name, sound.name)

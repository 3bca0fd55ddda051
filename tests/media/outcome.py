"""A file through the pipeline, and what has to be true of it then."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from apps.media import services
from apps.media.models import State, Video
from tests.media import footage
from tests.media.footage import SECONDS
from utils.storages import videos

H264 = ("-c:v", "libx264", "-preset", "ultrafast")


def processed(path: Path) -> Video:
    """A file taken in and through the whole pipeline."""
    video = services.add_video(path=path, original_name=path.name)
    services.process(video_id=video.pk)
    video.refresh_from_db()
    return video


def check(video: Video, *, size: tuple[int, int] = (192, 108), seconds: float = SECONDS, sounds: int = 1) -> None:
    """It is ready, of the right shape and length, and picture and sound are in step."""
    assert video.state == State.READY, (video.failure, video.failure_detail)
    assert (video.width, video.height) == size
    assert video.duration == pytest.approx(seconds, abs=0.2)
    levels, tracks = footage.levels_of(video), footage.audio_of(video)
    assert len(tracks) == sounds
    for row in levels:
        assert row.width / row.height == pytest.approx(size[0] / size[1], rel=0.05)
        assert row.height <= size[1] + 1
        assert row.duration == pytest.approx(video.duration, abs=0.1)
    for row in [*levels, *tracks]:
        assert videos().size(row.file) == row.size == row.segments[-1][0] + row.segments[-1][1]
    flash = footage.flash_of(levels[-1])
    for row in tracks:
        assert footage.beep_of(row) == pytest.approx(flash, abs=0.09), row.name
    assert list(Path(settings.WORK_DIR).iterdir()) == []


def ended(path: Path) -> tuple[str, str]:
    """The state and the reason that processing a file ends with, nothing being left behind."""
    video = services.add_video(path=path, original_name=path.name)
    services.process(video_id=video.pk)
    video.refresh_from_db()
    assert not video.renditions.exists() or video.state == State.READY
    assert list(Path(settings.WORK_DIR).iterdir()) == []
    return video.state, video.failure

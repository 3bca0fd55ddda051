"""What is kept of a source is described alike, whichever version wrote it."""

from __future__ import annotations

import json

import pytest
from django.utils import translation

from apps.media.failures import REASONS, column, reason
from apps.media.models import Video
from apps.media.services.encoding import chunks
from apps.media.services.leases import LeaseLost
from apps.media.source_info import describe
from utils.mediakit.refusals import Refusal, RefusalCode

# As commit 9abc7fb wrote them, with the lines that it showed.
BROADCAST = (
    '{"container": "mpegts", "video": {"codec": "mpeg2video", "profile": "Main", "width": 320, "height": 240,'
    ' "sar": 1.0, "rotation": 0, "rate": [25, 1], "bit_rate": 419149, "interlaced": false, "hdr": "",'
    ' "pixel_format": "yuv420p", "shapes": [[0.010911000000000115, 320, 240, 1.0],'
    ' [1.9709110000000003, 352, 240, 0.9090909090909091]]}, "audio": [{"codec": "mp2", "channels": 2,'
    ' "varies": true, "bit_rate": 388970, "language": "eng", "title": ""}], "subtitles": []}'
)
FILM = (
    '{"container": "matroska,webm", "video": {"codec": "h264", "profile": "High 10", "width": 64, "height": 36,'
    ' "sar": 1.0, "rotation": 0, "rate": [30000, 1001], "bit_rate": 14474, "interlaced": false, "hdr": "",'
    ' "pixel_format": "yuv420p10le", "shapes": []}, "audio": [{"codec": "aac", "channels": 1, "varies": false,'
    ' "bit_rate": 69702, "language": "chi", "title": ""}], "subtitles": [{"codec": "ssa", "page": "",'
    ' "language": "eng", "title": "English (forced)", "default": false, "forced": true, "made": false}]}'
)
SHOWN = {
    BROADCAST: {
        "File": ["MPEG-TS · 1000\xa0bytes"],
        "Resolution and frame rate": [
            "MPEG-2 Main · 320 × 240 · 25 fps · 419 kbit/s",
            "Aspect ratio changes during the video (320 × 240, 352 × 240); every part is shown in full",
        ],
        "Colour": ["SDR · 8-bit · 4:2:0"],
        "Audio": ["English · MP2 · stereo · changes during the video · 389 kbit/s"],
        "Subtitles": ["none"],
    },
    FILM: {
        "File": ["MKV / WebM · 1000\xa0bytes"],
        "Resolution and frame rate": ["H.264 High 10 · 64 × 36 · 29.97 fps · 14 kbit/s"],
        "Colour": ["SDR · 10-bit · 4:2:0"],
        "Audio": ["中文 · AAC · mono · 70 kbit/s"],
        "Subtitles": ["English · English (forced) · SSA · foreign dialogue only · empty or unreadable, skipped"],
    },
}


@pytest.mark.parametrize("row", SHOWN)
def test_a_row_of_before_is_described_as_before(row):
    with translation.override("en"):
        lines = dict(describe(Video(size=1000, source_info=json.loads(row))))
    assert {name: lines[name] for name in SHOWN[row]} == SHOWN[row]


def test_a_row_that_predates_a_fact_is_described_without_it():
    found = json.loads(BROADCAST)
    del found["video"]["shapes"], found["audio"][0]["varies"]
    with translation.override("en"):
        lines = dict(describe(Video(size=1000, source_info=found)))
    assert lines["Resolution and frame rate"] == SHOWN[BROADCAST]["Resolution and frame rate"][:1]
    assert lines["Audio"] == ["English · MP2 · stereo · 389 kbit/s"]


def test_nothing_is_described_before_the_probe():
    assert describe(Video(size=1000)) == []


def test_a_folder_of_chunks_of_before_is_left_to_the_worker_that_probes_anew(settings, tmp_path):
    settings.WORK_DIR = tmp_path
    (tmp_path / "chunks-7").mkdir()
    (tmp_path / "chunks-7" / "job.json").write_text('{"probed": {"container": "mpegts"}, "copy": false}')
    with pytest.raises(LeaseLost):
        chunks._task(7)


def test_every_refusal_has_its_words():
    assert set(RefusalCode) <= set(REASONS)


@pytest.mark.parametrize(
    ("refusal", "stored", "words"),
    [
        (Refusal(RefusalCode.DAMAGED, at_seconds=83.9), "damaged@83", "The file is damaged at 1:23 "),
        (Refusal(RefusalCode.DAMAGED, at_seconds=0), "damaged@0", "The file is damaged at 0:00 "),
        (Refusal(RefusalCode.ENCRYPTED, "cenc"), "encrypted", "The file is encrypted or copy-protected."),
    ],
)
def test_a_refusal_is_stored_and_read(refusal, stored, words):
    assert column(refusal) == stored
    with translation.override("en"):
        assert reason(stored).startswith(words)


def test_a_reason_that_nobody_knows_any_more_is_shown_as_it_is():
    with translation.override("en"):
        assert reason("moonlight@3") == "Unknown reason: moonlight@3"

"""A long title is encoded in chunks: by anyone, in any order, with nothing to see where they meet."""

from __future__ import annotations

import threading
from pathlib import Path

import av
import pytest
from django.conf import settings
from django.utils import timezone

from apps.media import services
from apps.media.models import Chunk, State, Video
from apps.media.services.encoding import chunks, ladder
from apps.media.services.encoding.job import Job
from apps.media.services.leases import LEASE, Lease
from tests.media import footage
from utils.mediakit.probe import probe
from utils.storages import videos

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SECONDS, RATE = 13, 25
COUNTING = f"nullsrc=s=16x10:r={RATE}:d={SECONDS},geq=lum='16+mod(N,200)':cb=128:cr=128,scale=480x300,format=yuv444p"


@pytest.fixture(autouse=True)
def _short_chunks(monkeypatch):
    monkeypatch.setattr(ladder, "CHUNKED_FROM", 8.0)
    monkeypatch.setattr(ladder, "CHUNK", 3.0)


@pytest.fixture
def video(tmp_path) -> Video:
    """A film whose pictures count themselves, with a keyframe every second."""
    path = footage.make(
        tmp_path / "long.mkv", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "10", "-g", str(RATE), "-bf", "2",
        "-pix_fmt", "yuv444p", source=COUNTING, sound=f"sine=d={SECONDS}",
    )  # fmt: skip
    return services.add_video(path=path, original_name=path.name)


def counted(name: str) -> list[tuple[float, float]]:
    """(second, brightness) of every picture of a stored level."""
    with av.open(videos().path(name)) as container:
        return [(f.time, float(f.to_ndarray(format="gray").mean())) for f in container.decode(video=0)]


def check(video: Video) -> None:
    video.refresh_from_db()
    assert video.state == State.READY, video.failure_detail
    levels = footage.levels_of(video)
    assert len(levels) == 2
    assert len({tuple(round(s, 4) for _, _, s in row.segments) for row in levels}) == 1
    for row in levels:
        pictures = counted(row.file)
        assert [at for at, _ in pictures] == pytest.approx([n / RATE for n in range(SECONDS * RATE)], abs=0.001)
        wrapped = {n for n in range(len(pictures)) if n % 200 in {0, 199}}
        for number in range(1, len(pictures)):
            if not {number, number - 1} & wrapped:
                assert pictures[number][1] > pictures[number - 1][1] - 0.2, number  # none is missing or shown twice
        assert row.duration == pytest.approx(SECONDS, abs=0.01)
        assert videos().size(row.file) == row.size == row.segments[-1][0] + row.segments[-1][1]
    assert list(Path(settings.WORK_DIR).iterdir()) == []
    assert not Chunk.objects.exists()


def test_a_long_title_goes_to_the_queue_of_long_work(video):
    services.process(video_id=video.pk)
    video.refresh_from_db()
    assert (video.state, video.attempts) == (State.UPLOADED, 0)
    assert not video.renditions.exists()
    services.process(video_id=video.pk, long=True)
    check(video)


def test_many_workers_in_any_order_make_one_film(video, monkeypatch):
    """While one encodes, others of the queue take the last chunks first."""
    tick, helped = Lease.tick, []

    def help_out(lease: Lease) -> None:
        tick(lease)
        if lease.held().model is not Video:
            return
        for pk in Chunk.objects.filter(done=False).order_by("-number").values_list("pk", flat=True)[:1]:
            helped.append(services.encode_chunk(chunk_id=pk))

    monkeypatch.setattr(Lease, "tick", help_out)
    services.process(video_id=video.pk, long=True)
    assert any(helped)
    check(video)


def test_a_worker_that_dies_leaves_its_chunks_to_the_next(video):
    died = timezone.now() - LEASE
    path = Path(videos().path(video.original))
    found = probe(path)
    chunks.prepare(Job(video, None, path, found, ladder.plan(found), Path(), timezone.now))
    rows = list(Chunk.objects.all())
    assert len(rows) >= 3
    assert services.encode_chunk(chunk_id=rows[0].pk)
    assert not services.encode_chunk(chunk_id=rows[0].pk)  # it is done
    Chunk.objects.filter(pk=rows[1].pk).update(lease_owner="dead", lease_until=died)
    (chunks.folder_of(video.pk) / f"{rows[1].number}-dead").mkdir()
    Chunk.objects.filter(pk=rows[2].pk).update(lease_owner="busy", lease_until=timezone.now() + LEASE)
    assert not services.encode_chunk(chunk_id=rows[2].pk)
    Chunk.objects.filter(pk=rows[2].pk).update(lease_until=died)
    made = chunks.folder_of(video.pk) / "0" / "240p.mp4"
    before = made.stat().st_mtime_ns
    seen: list[int] = []

    def look() -> None:
        if made.exists():
            seen.append(made.stat().st_mtime_ns)

    watcher = _Watcher(look)
    services.process(video_id=video.pk, long=True)
    watcher.stop()
    check(video)
    assert set(seen) == {before}  # what was done wasn't done again


class _Watcher(threading.Thread):
    def __init__(self, look) -> None:
        super().__init__()
        self._look, self._over = look, threading.Event()
        self.start()

    def run(self) -> None:
        while not self._over.wait(0.05):
            self._look()

    def stop(self) -> None:
        self._over.set()
        self.join()


@pytest.mark.parametrize("hole", [False, True])
def test_a_picture_is_copied_unless_it_has_a_hole(hole, tmp_path):
    path = footage.make(
        tmp_path / "long.mp4", "-c:v", "libx264", "-preset", "ultrafast", "-g", str(RATE), "-x264-params", "slices=2",
        source=f"testsrc2=s=480x300:r={RATE}:d={SECONDS}", sound=f"sine=d={SECONDS}",
    )  # fmt: skip
    if hole:
        path = footage.with_hole(path, tmp_path / "hole.mp4")
    video = services.add_video(path=path, original_name=path.name)
    services.process(video_id=video.pk, long=True)
    video.refresh_from_db()
    assert video.state == State.READY, video.failure_detail
    largest, _ = footage.levels_of(video)
    assert (sizes(videos().path(largest.file)) == sizes(path)) is not hole
    footage.ffmpeg("-xerror", "-i", videos().path(largest.file), "-f", "null", "-")


def sizes(path: Path | str) -> list[int]:
    """Bytes of every picture."""
    with av.open(str(path)) as container:
        return [packet.size for packet in container.demux(video=0) if packet.size]


def test_a_chunk_that_can_t_be_encoded_fails_its_title_and_no_other(video):
    def spoil() -> None:
        """The source goes bad under the worker: a disk error, say."""
        Path(videos().path(video.original)).write_bytes(b"no longer a film")

    watcher = _Watcher(lambda: chunks.folder_of(video.pk).exists() and spoil())
    services.process(video_id=video.pk, long=True)
    watcher.stop()
    video.refresh_from_db()
    assert (video.state, video.failure) == (State.FAILED, "damaged@0")
    assert video.failure_detail
    assert list(Path(settings.WORK_DIR).iterdir()) == []
    assert not Chunk.objects.exists()


def test_cancelling_stops_within_seconds_and_leaves_nothing(video, monkeypatch):
    tick = Lease.tick

    def stop_it(lease: Lease) -> None:
        if Chunk.objects.filter(done=True).exists():
            services.cancel(video_id=video.pk, at=timezone.now())
        tick(lease)

    monkeypatch.setattr(Lease, "tick", stop_it)
    services.process(video_id=video.pk, long=True)
    video.refresh_from_db()
    assert (video.state, video.failure) == (State.FAILED, "cancelled")
    assert list(Path(settings.WORK_DIR).iterdir()) == []
    assert not Chunk.objects.exists()

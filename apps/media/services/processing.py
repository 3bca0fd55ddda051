"""From uploaded to ready or failed, under a lease."""

from __future__ import annotations

import secrets
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.media import encode, hls, ladder
from apps.media.models import Rendition, State, Storyboard, Subtitle, Video
from apps.media.services.intake import QUEUED_FOR
from apps.media.services.previews import cut_previews, discard_later, length_of
from utils import ffmpeg
from utils.languages import language_name
from utils.storages import videos
from utils.tasks import enqueue

LEASE = timedelta(seconds=120)  # renewed as ffmpeg reports; a frozen one lets it lapse
RENEW_EVERY = timedelta(seconds=3)
ATTEMPTS = 3


class LeaseLost(Exception):
    """Another worker took the video over: this one stops and leaves no trace."""


class _Lease:
    """A worker's hold on a video, and the progress it reports."""

    def __init__(self, video_id: int) -> None:
        self.video_id = video_id
        self.owner = secrets.token_hex(8)
        self._renewed = timezone.now()

    def take(self) -> bool:
        """Whether the video was waiting and is now this worker's."""
        now = timezone.now()
        return bool(
            Video.objects.filter(pk=self.video_id, state=State.UPLOADED).update(
                state=State.PROCESSING,
                lease_owner=self.owner,
                lease_until=now + LEASE,
                started_at=now,
                progress=0,
                attempts=F("attempts") + 1,
                failure="",
                failure_detail="",
            )
        )

    def held(self) -> Any:
        return Video.objects.filter(pk=self.video_id, state=State.PROCESSING, lease_owner=self.owner)

    def report(self, share: float) -> None:
        """Renew and note progress (0 to 1), at most every few seconds. Raises LeaseLost."""
        now = timezone.now()
        if now - self._renewed < RENEW_EVERY:
            return
        self._renewed = now
        if not self.held().update(lease_until=now + LEASE, progress=share):
            raise LeaseLost


def process(*, video_id: int) -> None:
    """Encode one waiting video. Called twice or at once, one call works and the others return."""
    lease = _Lease(video_id)
    if not lease.take():
        return
    video = Video.objects.get(pk=video_id)
    if video.attempts > ATTEMPTS:
        _fail(lease, "gave_up")
        return
    folder = Path(settings.WORK_DIR) / f"job-{video_id}-{lease.owner}"
    folder.mkdir(parents=True)
    try:
        _encode(video, lease, folder)
    except LeaseLost:
        return
    except ffmpeg.ProbeError as error:
        _fail(lease, error.code, error.detail)
    except FileNotFoundError as error:
        _fail(lease, "missing", str(error))
    except ffmpeg.FFmpegError as error:
        _fail(lease, "encoding", str(error))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fail(lease: _Lease, code: str, detail: str = "") -> None:
    lease.held().update(
        state=State.FAILED, failure=code, failure_detail=detail[:4000], lease_owner="", lease_until=None
    )


def _encode(video: Video, lease: _Lease, folder: Path) -> None:
    source = Path(videos().path(video.original))
    if not source.exists():
        raise FileNotFoundError(video.original)
    probed = ffmpeg.probe(source)
    rungs, tiles = encode.encode(source, probed, folder=folder, on_progress=lambda share: lease.report(0.95 * share))
    texts = encode.subtitles(source, probed, folder=folder)
    rows = _renditions(video, probed, rungs, folder)
    picture = encode.still(folder / f"{rungs[0].name}.mp4", rows[0].duration, folder=folder)
    sheets = sorted(folder.glob("tiles*.jpg"), key=lambda p: int(p.stem.removeprefix("tiles")))
    if not lease.held().update(lease_until=timezone.now() + LEASE):
        raise LeaseLost
    storage = videos()
    placed: list[str] = []

    def place(path: Path) -> str:
        placed.append(storage.adopt(path, suffix=path.suffix))
        return placed[-1]

    try:
        for row in rows:
            row.file = place(folder / f"{row.name}.mp4")
        subtitles = [
            Subtitle(
                video=video,
                language=track["language"] or "und",
                label=track["title"] or language_name(track["language"]),
                file=place(path),
            )
            for track, path in texts
        ]
        board = Storyboard(
            video=video,
            files=[place(sheet) for sheet in sheets],
            interval=tiles.interval,
            columns=encode.COLUMNS,
            rows=encode.ROWS,
            tile_width=tiles.width,
            tile_height=tiles.height,
            count=tiles.count,
        )
        previews = cut_previews(rows, video.preview_seconds) if video.preview_seconds else []
        placed += [row.file for row in previews]
        _switch(video, lease, probed, rows, previews, subtitles, board, picture)
    except BaseException:
        # Whatever stopped it, the files just placed belong to nothing.
        for name in placed:
            storage.delete(name)
        raise


def _renditions(video: Video, probed: dict[str, Any], rungs: list[ladder.Rung], folder: Path) -> list[Rendition]:
    found = []
    rate = ladder.frame_rate(probed["video"])
    named: list[tuple[str, ladder.Rung | None, Any]] = [(rung.name, rung, None) for rung in rungs]
    named += [(f"a{n}", None, sound) for n, sound in enumerate(probed["audio"])]
    for name, rung, sound in named:
        file = folder / f"{name}.mp4"
        init_length, segments = hls.read_segments(folder / f"{name}.m3u8")
        if not segments:
            raise ffmpeg.FFmpegError(f"{name} came out empty")
        with file.open("rb") as head:
            init = head.read(init_length)
        bandwidth, average = hls.bandwidths(segments)
        language = sound["language"] if sound else ""
        found.append(
            Rendition(
                video=video,
                kind=Rendition.Kind.VIDEO if rung else Rendition.Kind.AUDIO,
                name=name,
                size=file.stat().st_size,
                codecs=hls.codecs_of(init),
                width=rung.width if rung else None,
                height=rung.height if rung else None,
                frame_rate=rate if rung else None,
                channels=2 if sound else None,
                language="" if language == "und" else language,
                label=((sound["title"] or language_name(language))[:60]) if sound else "",
                bandwidth=bandwidth,
                average_bandwidth=average,
                duration=sum(s for _, _, s in segments),
                init_length=init_length,
                segments=segments,
            )
        )
    return found


def _switch(
    video: Video,
    lease: _Lease,
    probed: dict[str, Any],
    rows: list[Rendition],
    previews: list[Rendition],
    subtitles: list[Subtitle],
    board: Storyboard,
    picture: Path,
) -> None:
    """Put the results in place of what was there before, at once. Raises LeaseLost."""
    width, height = ladder.shown_size(probed["video"])
    with transaction.atomic():
        now = timezone.now()
        if not lease.held().update(
            state=State.READY,
            progress=1,
            ready_at=now,
            lease_owner="",
            lease_until=None,
            duration=rows[0].duration,
            preview_duration=length_of(previews),
            width=width,
            height=height,
            frame_rate=ladder.frame_rate(probed["video"]),
            has_audio=bool(probed["audio"]),
        ):
            raise LeaseLost
        old = list(video.renditions.values_list("file", flat=True))
        for sheets in Storyboard.objects.filter(video=video).values_list("files", flat=True):
            old += sheets
        video.renditions.all().delete()
        Storyboard.objects.filter(video=video).delete()
        Rendition.objects.bulk_create([*rows, *previews])
        if subtitles:
            old += video.subtitles.values_list("file", flat=True)
            video.subtitles.all().delete()
            Subtitle.objects.bulk_create(subtitles)
        board.save()
        if picture.exists():
            with picture.open("rb") as file:
                video.still.save(f"{secrets.token_hex(8)}.jpg", File(file), save=False)
            Video.objects.filter(pk=video.pk).update(still=video.still.name)
        discard_later(old)
        enqueue("catalogue.video_ready", video_id=video.pk)


def retry(*, video_id: int) -> bool:
    """Queue a failed or finished video once more; False if it's waiting or being encoded already."""
    moved = Video.objects.filter(pk=video_id, state__in=[State.FAILED, State.READY]).update(
        state=State.UPLOADED, attempts=0, progress=0, lease_until=timezone.now() + QUEUED_FOR
    )
    if moved:
        enqueue("media.process", video_id=video_id)
    return bool(moved)


def resume_lapsed() -> int:
    """Queue again what a dead worker or a lost message left behind; returns how many."""
    now = timezone.now()
    count = 0
    for video_id in list(Video.objects.lapsed(now).values_list("pk", flat=True)):
        if (
            Video.objects.lapsed(now)
            .filter(pk=video_id)
            .update(state=State.UPLOADED, lease_owner="", lease_until=now + QUEUED_FOR)
        ):
            enqueue("media.process", video_id=video_id)
            count += 1
    _sweep_work(now)
    return count


def _sweep_work(now: Any) -> None:
    """Remove the work folders of workers that died."""
    work = Path(settings.WORK_DIR)
    if not work.exists():
        return
    owners = set(Video.objects.filter(state=State.PROCESSING).values_list("lease_owner", flat=True))
    for folder in work.glob("job-*"):
        if folder.name.rsplit("-", 1)[-1] not in owners:
            shutil.rmtree(folder, ignore_errors=True)

"""What an encode made becomes the title: rows for its files, put in place at once."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypedDict

from django.core.files import File
from django.db import transaction
from django.utils.translation import gettext

from apps.media import hls
from apps.media.models import Rendition, State, Storyboard, Subtitle, Video
from apps.media.services.encoding import audio, storyboard
from apps.media.services.encoding.plan import Level, Plan
from apps.media.services.leases import Lease, LeaseLost
from apps.media.services.publishing.previews import ALIGNED, cut_previews, length_of, preview_end
from apps.media.services.storage import Arrivals, discard_later, discard_replaced
from utils import typed_json
from utils.clock import Clock
from utils.languages import language_name, language_tag
from utils.mediakit import ffmpeg, fmp4
from utils.mediakit.source import Source, TextTrack
from utils.storages import videos
from utils.tasks import enqueue


@dataclass
class Results:
    """Unsaved rows of what was made so far; `fresh` are those whose files are still in the work folder.

    `grown` are the stored files of tracks that were published while they were made, and how many bytes they have.
    """

    renditions: list[Rendition] = field(default_factory=list)
    fresh: list[Rendition] = field(default_factory=list)
    previews: list[Rendition] = field(default_factory=list)
    texts: list[tuple[TextTrack, Path]] = field(default_factory=list)
    sheets: list[Path] = field(default_factory=list)
    tiles: storyboard.Tiles | None = None
    thumbnail: Path | None = None
    grown: dict[str, tuple[str, int]] = field(default_factory=dict)

    def add(self, rows: list[Rendition]) -> None:
        """Take rows in; one of the same name is replaced."""
        names = {row.name for row in rows}
        for table in (self.renditions, self.fresh, self.previews):
            table[:] = [row for row in table if row.name not in names]
        self.renditions += rows
        self.fresh += rows


def level_row(video: Video, level: Level, plan: Plan, folder: Path) -> Rendition:
    """The unsaved row of the level that lies in `folder`. Raises ffmpeg.FFmpegError if there is nothing in it."""
    row = _row(video, level.name, folder, [plan.seconds(cut) for cut in plan.cuts])
    row.kind = Rendition.Kind.VIDEO
    row.width, row.height, row.frame_rate = level.width, level.height, float(plan.rate)
    return row


def sound_rows(video: Video, source: Source, folder: Path) -> list[Rendition]:
    """The unsaved rows of all audio tracks, without those that held nothing that could be decoded."""
    rows = [row for track in audio.tracks(source) if (row := _sound_row(video, track, folder))]
    _tell_apart(rows)
    return rows


def _sound_row(video: Video, track: audio.Sound, folder: Path) -> Rendition | None:
    try:
        row = _row(video, track.name, folder, [])
    except ffmpeg.FFmpegError:
        return None
    language = language_tag(track.source.language)
    number = int(track.name[1:].partition("-")[0]) + 1
    label = track.source.title or language_name(language) or gettext("Sound %d") % number
    row.kind, row.channels = Rendition.Kind.AUDIO, track.channels
    row.language, row.label = language, (f"{label[:50]} 5.1" if track.channels == 6 else label[:60])
    return row


def _row(video: Video, name: str, folder: Path, cuts: list[float]) -> Rendition:
    path = folder / f"{name}.mp4"
    try:
        track = fmp4.read(path)
        segments = fmp4.segments(track, cuts)
    except (fmp4.NotFragmented, OSError) as error:
        raise ffmpeg.FFmpegError(f"{name} came out empty: {error}") from error
    bandwidth, average = hls.bandwidths(segments)
    return Rendition(
        video=video,
        name=name,
        size=segments[-1][0] + segments[-1][1],
        codecs=hls.codecs_of(track.init),
        bandwidth=bandwidth,
        average_bandwidth=average,
        duration=sum(seconds for _, _, seconds in segments),
        init_length=len(track.init),
        segments=segments,
    )


def _tell_apart(rows: list[Rendition]) -> None:
    """Give audio tracks of the same label a number: HLS wants names that differ (RFC 8216 §4.3.4.1.1)."""
    seen: dict[str, int] = {}
    for row in rows:
        seen[row.label] = seen.get(row.label, 0) + 1
        if seen[row.label] > 1:
            row.label = f"{row.label[:55]} {seen[row.label]}"


def publish(
    video: Video,
    lease: Lease[Video],
    source: Source,
    plan: Plan,
    results: Results,
    folder: Path,
    clock: Clock,
    *,
    done: bool,
) -> None:
    """Put in place what was made since the last time; once `done`, what was there before goes. Raises LeaseLost.

    Until then a title that was never ready can be watched with what there is.
    """
    lease.renew()
    asked = Video.objects.values_list("preview_seconds", flat=True).get(pk=video.pk)
    with Arrivals(video, clock=clock) as arrivals:
        for row in results.fresh:
            row.file = store(row, results, arrivals, folder)
            lease.tick()
        kept = _previews_to_keep(video, results, asked)
        uncut = [row for row in results.fresh if row.name not in {preview.name for preview in kept}]
        previews = cut_previews(results.renditions, asked, arrivals=arrivals, only=uncut)
        results.previews += kept + previews
        board = _board(video, results, arrivals)
        texts = text_rows(video, results, arrivals)
        with transaction.atomic():
            _switch(video, lease, source, plan, results, previews, at=clock(), done=done)
            arrivals.settle()
            if board:
                _replace_board(video, board, clock())
            if texts:
                replace_texts(video, texts, clock())
            enqueue("catalogue.video_ready", video_id=video.pk)
    results.fresh.clear()
    results.grown.clear()
    results.sheets, results.texts, results.thumbnail = [], [], None


def store(row: Rendition, results: Results, arrivals: Arrivals, folder: Path) -> str:
    """Put what a row tells of into the storage, or add what is missing there; returns its name."""
    made = folder / f"{row.name}.mp4"
    if row.name not in results.grown:
        return arrivals.place(made)
    name, there = results.grown[row.name]
    videos().extend(name, made, start=there, end=row.size)
    return name


def _previews_to_keep(video: Video, results: Results, asked: int) -> list[Rendition]:
    """Previews that were cut while the title grew, if they are as they would be now."""
    pictures = [row for row in results.renditions if row.kind == Rendition.Kind.VIDEO]
    end = preview_end(pictures, asked) if asked else 0.0
    there = video.renditions.filter(variant=Rendition.Variant.PREVIEW, name__in=results.grown)
    return [row for row in there if abs(row.duration - end) < ALIGNED]


def _board(video: Video, results: Results, arrivals: Arrivals) -> Storyboard | None:
    if not (results.tiles and results.sheets):
        return None
    return Storyboard(
        video=video,
        files=[arrivals.place(sheet) for sheet in results.sheets],
        interval=results.tiles.interval,
        columns=storyboard.COLUMNS,
        rows=storyboard.ROWS,
        tile_width=results.tiles.width,
        tile_height=results.tiles.height,
        count=results.tiles.count,
    )


def text_rows(video: Video, results: Results, arrivals: Arrivals) -> list[Subtitle]:
    """The unsaved rows of the source's subtitles, their files placed by `arrivals`."""
    rows, seen = [], set()
    for track, path in results.texts:
        language = language_tag(track.language) or "und"
        label = track.title[:50] or language_name(language) or gettext("Subtitles")
        if track.hearing_impaired and not track.title:
            label += " (CC)"
        if track.forced and not track.title:
            label = gettext("%s (foreign parts only)") % label
        while label in seen:
            label += " +"
        seen.add(label)
        rows.append(
            Subtitle(
                video=video,
                language=language,
                label=label[:60],
                file=arrivals.place(path),
                is_default=track.default,
                is_forced=track.forced,
            )
        )
    return rows


def _replace_board(video: Video, board: Storyboard, at: datetime) -> None:
    old = Storyboard.objects.filter(video=video).first()
    if old:
        discard_later(old.files, video=video, at=at)
        old.delete()
    board.save()


def replace_texts(video: Video, texts: list[Subtitle], at: datetime) -> None:
    """New subtitles in place of those of before; one of the same name keeps its address: somebody may be watching."""
    before = {(row.language, row.label): row for row in Subtitle.objects.filter(video=video)}
    discard_later([row.file for row in before.values()], video=video, at=at)
    for row in texts:
        row.pk = getattr(before.pop((row.language, row.label), None), "pk", None)
        row.save()
    for row in before.values():
        row.delete()


class Measured(TypedDict):
    """Columns of a video that describe its source: pixels as shown, frames per second, chapters."""

    width: int
    height: int
    frame_rate: float
    chapters: typed_json.Json


def measured(source: Source, plan: Plan) -> Measured:
    """What a video's row tells of its source, whatever was made of it so far."""
    width, height = source.video.shown_size()
    chapters = typed_json.dump(source.chapters)
    return {"width": width, "height": height, "frame_rate": float(plan.rate), "chapters": chapters}


def _switch(
    video: Video,
    lease: Lease[Video],
    source: Source,
    plan: Plan,
    results: Results,
    previews: list[Rendition],
    *,
    at: datetime,
    done: bool,
) -> None:
    """New renditions in place of those of before, in one transaction. Raises LeaseLost."""
    pictures = [row for row in results.renditions if row.kind == Rendition.Kind.VIDEO]
    video.duration = max(row.duration for row in pictures)
    values = {
        **measured(source, plan),
        "duration": video.duration,
        "has_audio": len(pictures) < len(results.renditions),
        "preview_duration": length_of(results.previews),
    }
    if done:
        values |= {"state": State.READY, "progress": 1, "lease_owner": "", "lease_until": None}
    if done or video.ready_at is None:
        values["ready_at"] = video.ready_at = at
    before = video.thumbnail.name
    if results.thumbnail:
        with results.thumbnail.open("rb") as file:
            video.thumbnail.save(f"{secrets.token_hex(8)}.jpg", File(file), save=False)
        values["thumbnail"] = video.thumbnail.name
    if not lease.held().update(**values):
        raise LeaseLost
    if results.thumbnail and before:
        discard_replaced([before], at=at)
    fresh = {row.name for row in results.fresh}
    ours = {row.file for row in [*results.renditions, *results.previews]}
    going = [row for row in video.renditions.exclude(file__in=ours) if done or row.name in fresh]
    video.renditions.filter(pk__in=[row.pk for row in going]).delete()
    discard_later([row.file for row in going], video=video, at=at)
    video.renditions.filter(file__in=[row.file for row in results.fresh]).delete()  # as they were while they grew
    Rendition.objects.bulk_create([*results.fresh, *previews])

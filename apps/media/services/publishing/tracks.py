"""Rows of what was made: levels, audio tracks and subtitles, from their files in the work folder."""

from __future__ import annotations

from django.utils.translation import gettext

from apps.media import hls
from apps.media.models import Rendition, Storyboard, Subtitle
from apps.media.services.encoding import audio, storyboard
from apps.media.services.encoding.job import Job
from apps.media.services.encoding.plan import Level
from apps.media.services.storage import Arrivals
from utils.languages import language_name, language_tag
from utils.mediakit import ffmpeg, fmp4
from utils.storages import videos


def level_row(job: Job, level: Level) -> Rendition:
    """The unsaved row of a level. Raises ffmpeg.FFmpegError if its file holds no segment."""
    row = _row(job, level.name, [job.plan.seconds(cut) for cut in job.plan.cuts])
    row.kind = Rendition.Kind.VIDEO
    row.width, row.height, row.frame_rate = level.width, level.height, float(job.plan.rate)
    return row


def audio_rows(job: Job) -> list[Rendition]:
    """The unsaved rows of all audio tracks but those of which nothing could be decoded."""
    rows = [row for track in audio.tracks(job.source) if (row := _audio_row(job, track))]
    _number_labels(rows)
    return rows


def _audio_row(job: Job, track: audio.Sound) -> Rendition | None:
    try:
        row = _row(job, track.name, [])
    except ffmpeg.FFmpegError:
        return None
    language = language_tag(track.source.language)
    number = int(track.name[1:].partition("-")[0]) + 1
    label = track.source.title or language_name(language) or gettext("Audio %d") % number
    row.kind, row.channels = Rendition.Kind.AUDIO, track.channels
    row.language, row.label = language, (f"{label[:50]} 5.1" if track.channels == 6 else label[:60])
    return row


def _row(job: Job, name: str, cuts: list[float]) -> Rendition:
    try:
        track = fmp4.read(job.file(name))
        segments = fmp4.segments(track, cuts)
    except (fmp4.NotFragmented, OSError) as error:
        raise ffmpeg.FFmpegError(f"{name} came out empty: {error}") from error
    bandwidth, average = hls.bandwidths(segments)
    return Rendition(
        video=job.video,
        name=name,
        size=segments[-1][0] + segments[-1][1],
        codecs=hls.codecs_of(track.init),
        bandwidth=bandwidth,
        average_bandwidth=average,
        duration=sum(seconds for _, _, seconds in segments),
        init_length=len(track.init),
        segments=segments,
    )


def _number_labels(rows: list[Rendition]) -> None:
    """Number audio tracks of the same label: names have to differ in HLS (RFC 8216 §4.3.4.1.1)."""
    seen: dict[str, int] = {}
    for row in rows:
        seen[row.label] = seen.get(row.label, 0) + 1
        if seen[row.label] > 1:
            row.label = f"{row.label[:55]} {seen[row.label]}"


def store(job: Job, row: Rendition, arrivals: Arrivals) -> str:
    """Store a track's file, or append to what is stored of it; returns its name there."""
    made = job.file(row.name)
    if row.name not in job.results.partial:
        return arrivals.place(made)
    name, size = job.results.partial[row.name]
    videos().extend(name, made, start=size, end=row.size)
    return name


def subtitle_rows(job: Job, arrivals: Arrivals) -> list[Subtitle]:
    """The unsaved rows of the converted texts, their files placed by `arrivals`."""
    rows, seen = [], set()
    for track, path in job.results.texts:
        language = language_tag(track.language) or "und"
        label = track.title[:50] or language_name(language) or gettext("Subtitles")
        if track.hearing_impaired and not track.title:
            label += " (CC)"
        if track.forced and not track.title:
            label = gettext("%s (foreign dialogue only)") % label
        while label in seen:
            label += " +"
        seen.add(label)
        rows.append(
            Subtitle(
                video=job.video,
                language=language,
                label=label[:60],
                file=arrivals.place(path),
                is_default=track.default,
                is_forced=track.forced,
            )
        )
    return rows


def storyboard_row(job: Job, arrivals: Arrivals) -> Storyboard | None:
    """The unsaved row of a new storyboard, its sheets placed by `arrivals`; None if none was made."""
    results = job.results
    if not (results.tiles and results.sheets):
        return None
    return Storyboard(
        video=job.video,
        files=[arrivals.place(sheet) for sheet in results.sheets],
        interval=results.tiles.interval,
        columns=storyboard.COLUMNS,
        rows=storyboard.ROWS,
        tile_width=results.tiles.width,
        tile_height=results.tiles.height,
        count=results.tiles.count,
    )

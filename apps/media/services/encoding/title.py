"""Everything that is made of one source, in order: texts, levels, sound, storyboard, thumbnail."""

from __future__ import annotations

from apps.media import source_info
from apps.media.services.encoding import chunks, encode, passes, storyboard, subtitles
from apps.media.services.encoding.job import Job
from apps.media.services.encoding.plan import Level
from apps.media.services.publishing.final import publish
from apps.media.services.publishing.progressive import ProgressivePublisher
from apps.media.services.publishing.tracks import audio_rows, level_row
from utils.mediakit import ffmpeg
from utils.mediakit.containers import bearable
from utils.mediakit.refusals import damaged

ENCODING = 0.98  # share of a job's time that is spent in encoding its levels


def encode_title(job: Job) -> None:
    """Make and publish everything. Raises LeaseLost, Refused, ffmpeg.FFmpegError, OSError."""
    if _spoiled(job):
        # It could be copied but not decoded without complaint: players are less patient than ffmpeg.
        job.start_over()
        _make_all(job)


def _spoiled(job: Job) -> bool:
    """Make everything; whether a copied level in it is no good. Raises ffmpeg.FFmpegError if nothing is copied."""
    try:
        return bool(_make_all(job))
    except ffmpeg.FFmpegError:
        if not job.plan.copied:
            raise
        return True


def _make_all(job: Job) -> str:
    """What needs no encoding, then all levels in one pass; ffmpeg's complaints if they spoil a copy, "" otherwise."""
    plan, results = job.plan, job.results
    # what an earlier encode made stays until this one is done
    watchable = job.video.ready_at is not None and not job.video.renditions.filter(progressive=True).exists()
    if job.chunked:
        chunks.prepare(job)
    results.texts = subtitles.convert(job.path, job.source, folder=job.folder, on_tick=job.lease.tick)
    converted = [track for track, _path in results.texts]
    job.lease.held().update(source_info=source_info.column(job.source, converted=converted))
    if plan.copied or job.chunked:
        # The sound of chunks is whole, so that it has no seams; others begin with the picture meanwhile.
        _make(job, [plan.copied] if plan.copied else [], sound=True)
    if plan.copied and plan.encoded and not watchable:
        publish(job, done=False)
        watchable = True
    said = ""
    if plan.encoded:
        said = _encode_levels(job, sound=not (plan.copied or job.chunked), watchable=watchable)
    said += _make_pictures(job)
    if plan.copied and said:
        return said
    publish(job, done=True)
    return ""


def _encode_levels(job: Job, *, sound: bool, watchable: bool) -> str:
    """Every level that is encoded; published as it is made unless there is something else to watch."""
    listener = job.listener(ENCODING)
    if not watchable:
        listener = passes.ProgressListener(listener.progress, ProgressivePublisher(job).tick)
    if not job.chunked:
        return _make(job, job.plan.encoded, sound=sound, listener=listener)
    said = chunks.finish(job, listener=listener)
    _check_in(job, job.plan.encoded, sound=False)
    return said


def _make(job: Job, levels: list[Level], *, sound: bool, listener: passes.ProgressListener | None = None) -> str:
    said = encode.make(
        job.path,
        job.source,
        job.plan,
        folder=job.folder,
        listener=listener or job.listener(),
        levels=levels,
        sound=sound,
    )
    _check_in(job, levels, sound=sound)
    return said


def _check_in(job: Job, levels: list[Level], *, sound: bool) -> None:
    """Add the rows of what was made. Raises Refused if a level is empty or ends long before the source does."""
    try:
        rows = [level_row(job, level) for level in levels]
    except ffmpeg.FFmpegError as error:
        raise damaged(str(error)) from error
    end = job.source.video.end
    for row in rows:
        if end - row.duration > bearable(row.duration):
            raise damaged(f"no picture after {row.duration:.1f} of {end:.1f} s", at_seconds=row.duration)
    job.results.add(rows + (audio_rows(job) if sound else []))


def _make_pictures(job: Job) -> str:
    """Storyboard and thumbnail, from the smallest and the largest level; what ffmpeg complained about."""
    tick, tiles = job.lease.tick, storyboard.tiles_of(job.source)
    largest, smallest = job.plan.levels[0], job.plan.levels[-1]
    sheets, said = storyboard.make(
        job.made(smallest), tiles, folder=job.folder, on_tick=tick, strict=smallest == job.plan.copied
    )
    moment = storyboard.best_moment(sheets, tiles, job.source.video.end)
    job.results.tiles, job.results.sheets = tiles, sheets
    job.results.thumbnail = storyboard.thumbnail(job.made(largest), moment, folder=job.folder, on_tick=tick)
    return said

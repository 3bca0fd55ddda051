"""Publishing of finished tracks: of the levels that needed no encoding first, and of the whole title at the end."""

from __future__ import annotations

from functools import partial

from apps.media.models import Rendition, State, Video
from apps.media.services.encoding.job import Job
from apps.media.services.publishing.previews import ALIGNED, cut_previews, length_of, preview_end
from apps.media.services.publishing.publication import Columns, Publication, measured, save_thumbnail, switch
from apps.media.services.publishing.tracks import store, storyboard_row, subtitle_rows
from apps.media.services.storage import Arrivals


def publish(job: Job, *, done: bool) -> None:
    """Publish what was made since the last time; once `done`, everything of an earlier encode is replaced.

    Until then a title that was never ready can be watched with what there is. Raises LeaseLost, GivenUp.
    """
    job.lease.renew()
    video, results = job.video, job.results
    wanted = Video.objects.values_list("preview_seconds", flat=True).get(pk=video.pk)
    with Arrivals(video, clock=job.clock, on_tick=job.lease.tick) as arrivals:
        for row in results.fresh:
            row.file = store(job, row, arrivals)
            job.lease.tick()
        kept = _previews_to_keep(job, wanted)
        uncut = [row for row in results.fresh if row.name not in {preview.name for preview in kept}]
        previews = cut_previews(results.renditions, wanted, arrivals=arrivals, only=uncut)
        results.previews += kept + previews
        publication = Publication(
            columns=_columns(job, done=done),
            renditions=[*results.fresh, *previews],
            replaced=partial(_replaced, job, done=done),
            subtitles=subtitle_rows(job, arrivals),
            storyboard=storyboard_row(job, arrivals),
        )
        switch(job, publication, arrivals)
    results.published()


def _previews_to_keep(job: Job, wanted: int) -> list[Rendition]:
    """Previews that were cut while the title was encoded, if they are as they would be now."""
    end = preview_end(_levels(job), wanted) if wanted else 0.0
    there = job.video.renditions.filter(variant=Rendition.Variant.PREVIEW, name__in=job.results.partial)
    return [row for row in there if abs(row.duration - end) < ALIGNED]


def _levels(job: Job) -> list[Rendition]:
    return [row for row in job.results.renditions if row.kind == Rendition.Kind.VIDEO]


def _columns(job: Job, *, done: bool) -> Columns:
    video, results, levels = job.video, job.results, _levels(job)
    video.duration = max(row.duration for row in levels)
    columns: Columns = {
        **measured(job),
        "duration": video.duration,
        "has_audio": len(levels) < len(results.renditions),
        "preview_duration": length_of(results.previews),
    }
    if done:
        columns |= {"state": State.READY, "progress": 1, "lease_owner": "", "lease_until": None}
    if done or video.ready_at is None:
        columns["ready_at"] = video.ready_at = job.clock()
    if results.thumbnail:
        save_thumbnail(video, results.thumbnail)
        columns["thumbnail"] = video.thumbnail.name
    return columns


def _replaced(job: Job, *, done: bool) -> list[Rendition]:
    """Rows of an earlier encode: all of them once `done`, otherwise those with a successor."""
    results = job.results
    fresh = {row.name for row in results.fresh}
    ours = {row.file for row in [*results.renditions, *results.previews]}
    return [row for row in job.video.renditions.exclude(file__in=ours) if done or row.name in fresh]

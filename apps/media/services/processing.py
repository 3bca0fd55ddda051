"""From uploaded to ready or failed, under a lease."""

from __future__ import annotations

import shutil
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from apps.media import encode, findings, ladder
from apps.media.models import State, Video
from apps.media.services import chunks
from apps.media.services.discarding import GivenUp, drop_arrivals
from apps.media.services.intake import QUEUED_FOR
from apps.media.services.leases import ATTEMPTS, Lease, LeaseLost
from apps.media.services.previews import set_preview
from apps.media.services.results import Results, publish, rung_row, sound_row, tell_apart
from utils import ffmpeg
from utils.storages import videos
from utils.tasks import enqueue


class _TooLong(Exception):
    """The source belongs on the queue of long work."""


def process(*, video_id: int, long: bool = False) -> None:
    """Encode one waiting video. Called twice or at once, one call works and the others return.

    A long one is passed on to the queue of long work, unless this is it (`long`).
    """
    lease = Lease(video_id)
    if not lease.take():
        return
    video = Video.objects.get(pk=video_id)
    drop_arrivals(video_id)
    if video.attempts > ATTEMPTS:
        lease.fail("gave_up")
        return
    folder = Path(settings.WORK_DIR) / f"job-{video_id}-{lease.owner}"
    folder.mkdir(parents=True)
    try:
        _Job(video, lease, folder).run(long=long)
    except (LeaseLost, GivenUp):
        return
    except _TooLong:
        if lease.give_back(attempts=video.attempts - 1, lease_until=timezone.now() + QUEUED_FOR):
            enqueue("media.process_long", video_id=video_id)
    except ffmpeg.Interrupted:
        lease.give_back(lease_until=timezone.now())  # the next sweep queues it again
    except ffmpeg.ProbeError as error:
        lease.fail(error.code, error.detail)
    except FileNotFoundError as error:
        lease.fail("missing", str(error))
    except ffmpeg.FFmpegError as error:
        lease.fail("encoding", str(error))
    except OSError as error:
        lease.fail("disk", str(error))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if not Video.objects.filter(pk=video_id, state__in=[State.UPLOADED, State.PROCESSING]).exists():
            chunks.forget(video_id)
    _look_at_preview(video)


def _look_at_preview(video: Video) -> None:
    """Cut the preview again if its length was changed while the encode was put in place."""
    now = Video.objects.filter(pk=video.pk, state=State.READY).first()
    if now and now.preview_seconds != video.preview_seconds:
        set_preview(video=now, seconds=now.preview_seconds)


class _Job:
    """One attempt at one video."""

    def __init__(self, video: Video, lease: Lease, folder: Path) -> None:
        self.video = video
        self.lease = lease
        self.folder = folder
        self.results = Results()
        self.watchable = video.ready_at is not None  # by what an earlier encode made: it stays until this is done

    def run(self, *, long: bool) -> None:
        source = Path(videos().path(self.video.original))
        self.probed = ffmpeg.probe(source, on_tick=self.lease.tick)
        self.lease.held().update(findings=findings.worth_keeping(self.probed))
        plan = ladder.plan(self.probed)
        if len(plan.parts) > 1 and not long:
            raise _TooLong
        if self._passes(source, plan):
            # It could be copied but not decoded without complaint: players are less patient than ffmpeg.
            self.results = Results()
            self._passes(source, ladder.plan(self.probed, copy=False))

    def _passes(self, source: Path, plan: ladder.Plan) -> str:
        """Every pass, the quickest to be watched first; what ffmpeg complained about if that spoils a copy."""
        encoded = plan.encoded
        stages = [("copy", [plan.copied])] if plan.copied else []
        stages += [(stage, rungs) for stage in chunks.STAGES if (rungs := chunks.rungs_of(plan, stage))]
        shares = _shares(stages)
        if encoded and len(plan.parts) > 1:
            chunks.prepare(self.video.pk, self.probed, plan)
        texts = encode.subtitles(source, self.probed, folder=self.folder, watch=self._watch())
        for number, (stage, rungs) in enumerate(stages):
            watch = self._watch(sum(shares[:number]), shares[number])
            said = self._make(source, plan, stage, rungs, watch, sound=number == 0)
            rows = [rung_row(self.video, rung, plan, self.folder) for rung in rungs]
            if number == 0:
                heard = [sound_row(self.video, track, self.folder) for track in encode.sounds(self.probed)]
                rows += [row for row in heard if row]
                tell_apart(rows)
                self.results.texts = texts
            self.results.add(rows)
            done = number + 1 == len(stages)
            pictured = stage == "first" or not encoded
            if pictured and done:
                said += self._pictures(source, plan, rungs[-1])
            if plan.copied and said:
                return said
            if done or not self.watchable:
                publish(self.video, self.lease, self.probed, plan, self.results, self.folder, done=done)
            if pictured and not done:  # what can be watched doesn't wait for it
                said = self._pictures(source, plan, rungs[-1])
                if plan.copied and said:
                    return said
        return ""

    def _make(
        self,
        source: Path,
        plan: ladder.Plan,
        stage: str,
        rungs: list[ladder.Rung],
        watch: encode.Watch,
        *,
        sound: bool,
    ) -> str:
        if stage == "copy" or len(plan.parts) == 1:
            return encode.make(source, self.probed, plan, folder=self.folder, watch=watch, rungs=rungs, sound=sound)
        if sound:  # whole, so that it has no seams; others begin with the picture meanwhile
            encode.make(source, self.probed, plan, folder=self.folder, watch=self._watch(), rungs=[], sound=True)
        return chunks.finish(self.video.pk, plan, stage, folder=self.folder, watch=watch)

    def _pictures(self, source: Path, plan: ladder.Plan, rung: ladder.Rung) -> str:
        """Storyboard and still, from a small rung; what ffmpeg complained about."""
        watch, tiles = self._watch(), encode.tiles_of(self.probed)
        stored = next(row.file for row in self.results.renditions if row.name == rung.name)  # "": not yet
        made = Path(videos().path(stored)) if stored else self.folder / f"{rung.name}.mp4"
        sheets, said = encode.storyboard(made, tiles, folder=self.folder, watch=watch)
        moment = encode.best_moment(sheets, tiles, self.probed["video"]["end"])
        self.results.tiles, self.results.sheets = tiles, sheets
        self.results.still = encode.still(source, self.probed, plan, moment, folder=self.folder, watch=watch)
        return said

    def _watch(self, before: float = 0.0, share: float = 0.0) -> encode.Watch:
        """Reports a pass that is `share` of the whole job, of which `before` is done."""
        return encode.Watch(lambda done: self.lease.progress(before + share * done), self.lease.tick)


def _shares(stages: list[tuple[str, list[ladder.Rung]]]) -> list[float]:
    """What part of the job each pass is, by the pixels it encodes; a copy is next to nothing."""
    weights = [1.0 if stage == "copy" else float(sum(r.width * r.height for r in rungs)) for stage, rungs in stages]
    return [0.98 * weight / sum(weights) for weight in weights]


def retry(*, video_id: int) -> bool:
    """Queue a failed or finished video once more; False if it's waiting or being encoded already."""
    moved = Video.objects.filter(pk=video_id, state__in=[State.FAILED, State.READY]).update(
        state=State.UPLOADED, attempts=0, progress=0, lease_until=timezone.now() + QUEUED_FOR
    )
    if moved:
        enqueue("media.process", video_id=video_id)
    return bool(moved)


def cancel(*, video_id: int) -> bool:
    """Stop what waits or is being encoded; its worker notices within seconds. False if there was nothing to stop."""
    return bool(
        Video.objects.filter(pk=video_id, state__in=[State.UPLOADED, State.PROCESSING]).update(
            state=State.FAILED, failure="cancelled", failure_detail="", lease_owner="", lease_until=None
        )
    )

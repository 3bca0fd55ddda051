"""One attempt at encoding one video: what belongs together while it lasts."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from apps.media.models import Rendition, Video
from apps.media.services.encoding import ladder
from apps.media.services.encoding.passes import ProgressListener
from apps.media.services.encoding.plan import Level, Plan
from apps.media.services.encoding.storyboard import Tiles
from apps.media.services.leases import Lease
from utils.clock import Clock
from utils.mediakit.source import Source, TextTrack
from utils.storages import videos


@dataclass
class Results:
    """What was made so far, as unsaved rows and files of the work folder.

    `fresh` are the rows of `renditions` that aren't published as they are now. `partial` names, by track, the stored
    file of a track that is published while it is encoded, and how many bytes of it are stored.
    """

    renditions: list[Rendition] = field(default_factory=list)
    fresh: list[Rendition] = field(default_factory=list)
    previews: list[Rendition] = field(default_factory=list)
    texts: list[tuple[TextTrack, Path]] = field(default_factory=list)
    sheets: list[Path] = field(default_factory=list)
    tiles: Tiles | None = None
    thumbnail: Path | None = None
    partial: dict[str, tuple[str, int]] = field(default_factory=dict)

    def add(self, rows: list[Rendition]) -> None:
        """Add rows; each replaces one of the same name."""
        names = {row.name for row in rows}
        for table in (self.renditions, self.fresh, self.previews):
            table[:] = [row for row in table if row.name not in names]
        self.renditions += rows
        self.fresh += rows

    def published(self) -> None:
        """Note that all of it was published."""
        self.fresh.clear()
        self.partial.clear()
        self.sheets, self.texts, self.thumbnail = [], [], None


@dataclass
class Job:
    """One attempt at one video: its lease, the probed file at `path`, the plan, the work folder and the results."""

    video: Video
    lease: Lease[Video]
    path: Path
    source: Source
    plan: Plan
    folder: Path
    clock: Clock
    results: Results = field(default_factory=Results)

    @property
    def chunked(self) -> bool:
        """Whether the levels are encoded in chunks, by all workers of the queue."""
        return bool(self.plan.encoded) and len(self.plan.parts) > 1

    def start_over(self) -> None:
        """Forget all results, and plan to copy nothing of the source."""
        self.results = Results()
        self.plan = ladder.plan(self.source, copy=False)
        for made in self.folder.iterdir():  # nothing in it may be mistaken for what is made now
            if made.is_dir():
                shutil.rmtree(made)
            elif made != self.path:
                made.unlink()

    def file(self, name: str) -> Path:
        """Where the work folder has the track of that name."""
        return self.folder / f"{name}.mp4"

    def made(self, level: Level) -> Path:
        """Where a finished level lies: the storage may have taken it once it was published."""
        made = self.file(level.name)
        if made.exists():
            return made
        stored = next(row.file for row in self.results.renditions if row.name == level.name)
        return videos().fetch(stored, self.folder, on_tick=self.lease.tick)

    def listener(self, share: float = 0.0) -> ProgressListener:
        """The listener of a pass that is `share` of the whole job."""
        return ProgressListener(lambda done: self.lease.progress(share * done), self.lease.tick)

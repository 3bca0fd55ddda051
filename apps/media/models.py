"""Videos, what is made of them, and uploads. The catalogue of films is another app's."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from utils.rows import name_of

Segment = tuple[int, int, float]  # of a rendition: offset and length in bytes, duration in seconds
LONGEST_LEASE = timedelta(hours=1)  # no lease lasts as long, and no machine's clock is as far ahead


class State(models.TextChoices):
    """Where a video is between its upload and being ready to play."""

    UPLOADED = "uploaded", _("queued")
    PROCESSING = "processing", _("encoding")
    NO_ROOM = "no_room", _("waiting for disk space")
    READY = "ready", _("ready")
    FAILED = "failed", _("failed")


ACTIVE = (State.UPLOADED, State.PROCESSING, State.NO_ROOM)  # it may become ready without anybody's help


def _past(at: datetime) -> Q:
    """Leases that are over at that time. One that reaches too far was written before the clock was set back."""
    return Q(lease_until__lt=at) | Q(lease_until__gt=at + LONGEST_LEASE)


class VideoQuerySet(models.QuerySet["Video"]):
    def free(self, at: datetime) -> VideoQuerySet:
        """Those that a worker may take: waiting, or held by one that has been silent for too long."""
        return self.filter(Q(state=State.UPLOADED) | (_past(at) & Q(state=State.PROCESSING)))

    def lapsed(self, at: datetime) -> VideoQuerySet:
        """Those whose worker no longer renews its lease, and those whose message the queue has lost."""
        return self.filter(_past(at), state__in=[State.UPLOADED, State.PROCESSING])

    def out_of_room(self, at: datetime) -> VideoQuerySet:
        """Those that found the disk full and whose pause is over."""
        return self.filter(_past(at), state=State.NO_ROOM)


class Video(models.Model):
    """One source file and everything that was made of it.

    `state` changes by guarded updates only: uploaded → processing → ready | failed, or no_room → uploaded where the
    disk is full.
    A worker holds a video as its `lease_owner` until `lease_until`, and renews the lease while it works.
    """

    original = models.CharField(_("stored as"), max_length=255)  # a name in the "videos" storage
    original_name = models.CharField(_("file name"), max_length=255)
    size = models.BigIntegerField(_("size"))  # bytes
    sha256 = models.CharField("SHA-256", max_length=64, db_index=True)
    md5 = models.CharField("MD5", max_length=32, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.UPLOADED, db_index=True)
    failure = models.CharField(_("failure reason"), max_length=40, blank=True)  # a media.failures code
    failure_detail = models.TextField(_("technical details"), blank=True)
    progress = models.FloatField(_("progress"), default=0)  # 0 … 1 of the running encode
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    lease_owner = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    preview_seconds = models.PositiveIntegerField(_("preview length"), default=0)  # asked for; 0: none
    preview_duration = models.FloatField(_("preview"), default=0)  # seconds of the preview there is; 0: none
    duration = models.FloatField(_("duration"), null=True, blank=True)  # seconds, measured
    width = models.PositiveIntegerField(_("width"), null=True, blank=True)  # pixels as shown
    height = models.PositiveIntegerField(_("height"), null=True, blank=True)
    frame_rate = models.FloatField(_("frame rate"), null=True, blank=True)
    chapters = models.JSONField(_("chapters"), default=list, blank=True)  # [{"start": seconds, "title": …}]
    source_info = models.JSONField(_("source info"), default=dict, blank=True)  # see apps.media.source_info
    has_audio = models.BooleanField(_("has audio"), default=False)
    thumbnail = models.ImageField(_("thumbnail"), upload_to="stills/", blank=True)  # a frame chosen from the content
    created_at = models.DateTimeField(_("added at"), auto_now_add=True)
    started_at = models.DateTimeField(_("encoding started at"), null=True, blank=True)
    ready_at = models.DateTimeField(_("ready at"), null=True, blank=True)

    objects = VideoQuerySet.as_manager()

    class Meta:
        verbose_name = _("video")
        verbose_name_plural = _("videos")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.original_name


class Rendition(models.Model):
    """One level of the ladder, or one audio track: a CMAF file served by byte ranges.

    `segments` is the table the playlists are rendered from: a list of
    [offset in bytes, length in bytes, duration in seconds]; the initialisation section is
    bytes `[0, init_length)`. Bandwidths are bits per second.
    """

    class Kind(models.TextChoices):
        """The kind of a track."""

        VIDEO = "video", _("video")
        AUDIO = "audio", _("audio")

    class Variant(models.TextChoices):
        """How much of the title a track holds."""

        FULL = "full", _("full")
        PREVIEW = "preview", _("preview")

    video = models.ForeignKey(Video, models.CASCADE, related_name="renditions", verbose_name=_("video"))
    kind = models.CharField(_("type"), max_length=5, choices=Kind)
    variant = models.CharField(_("variant"), max_length=7, choices=Variant, default=Variant.FULL)
    name = models.CharField(_("name"), max_length=20)  # "720p", "a0": names the playlist
    file = models.CharField(_("stored as"), max_length=255)  # a name in the "videos" storage
    size = models.BigIntegerField(_("size"))  # bytes
    codecs = models.CharField(_("codecs"), max_length=60)  # RFC 6381, "avc1.64001f"
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    frame_rate = models.FloatField(null=True, blank=True)
    channels = models.PositiveSmallIntegerField(null=True, blank=True)
    language = models.CharField(_("language"), max_length=20, blank=True)  # BCP 47
    label = models.CharField(_("label"), max_length=60, blank=True)
    bandwidth = models.PositiveIntegerField()  # peak
    average_bandwidth = models.PositiveIntegerField()
    duration = models.FloatField()  # seconds
    init_length = models.PositiveIntegerField()  # bytes
    segments = models.JSONField()
    progressive = models.BooleanField(default=False)  # playable up to here; more segments follow

    class Meta:
        verbose_name = _("rendition")
        verbose_name_plural = _("renditions")
        ordering = ["kind", "-height", "name"]
        constraints = [models.UniqueConstraint(fields=["video", "variant", "name"], name="rendition_once")]

    def __str__(self) -> str:
        return f"{name_of(self, 'video')} {self.name}"


class Subtitle(models.Model):
    """A WebVTT text in one language."""

    video = models.ForeignKey(Video, models.CASCADE, related_name="subtitles", verbose_name=_("video"))
    language = models.CharField(_("language"), max_length=20)  # BCP 47
    label = models.CharField(_("label"), max_length=60)
    file = models.CharField(_("stored as"), max_length=255)  # a name in the "videos" storage
    is_default = models.BooleanField(_("shown by default"), default=False)  # unless the viewer chose another
    is_forced = models.BooleanField(
        _("foreign dialogue only"), default=False
    )  # translates only what the audio leaves unclear

    class Meta:
        verbose_name = _("subtitle")
        verbose_name_plural = _("subtitles")
        ordering = ["language"]

    def __str__(self) -> str:
        return self.label


class Storyboard(models.Model):
    """Small frames of the whole video, tiled into sheets, for the seek bar."""

    video = models.OneToOneField(Video, models.CASCADE, related_name="storyboard", verbose_name=_("video"))
    files = models.JSONField()  # names in the "videos" storage, in order
    interval = models.FloatField()  # seconds between tiles
    columns = models.PositiveSmallIntegerField()
    rows = models.PositiveSmallIntegerField()
    tile_width = models.PositiveSmallIntegerField()  # pixels
    tile_height = models.PositiveSmallIntegerField()
    count = models.PositiveIntegerField()  # tiles in all sheets together

    class Meta:
        verbose_name = _("storyboard")
        verbose_name_plural = _("storyboards")


class UploadQuerySet(models.QuerySet["Upload"]):
    def arriving(self, at: datetime) -> UploadQuerySet:
        """Incomplete ones that haven't expired: their missing bytes need space on the disk."""
        return self.filter(state=Upload.State.RECEIVING, expires_at__gt=at)

    def of(self, user_id: int) -> UploadQuerySet:
        """Those of a user: incomplete, or not yet added to a title."""
        return self.filter(owner_id=user_id)

    def expired(self, at: datetime) -> UploadQuerySet:
        """Those that received no byte for too long, or are no longer needed."""
        return self.filter(expires_at__lte=at)


class Upload(models.Model):
    """A file that is being uploaded: its first `offset` bytes are on the disk, under the name the file will keep.

    `state` changes by guarded updates only: receiving → received → done. Once it is done, `video` owns the file.
    """

    class State(models.TextChoices):
        """Where a file is between its first byte and being a video."""

        RECEIVING = "receiving", _("uploading")
        RECEIVED = "received", _("verifying")
        DONE = "done", _("uploaded")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="uploads", verbose_name=_("uploaded by")
    )
    filename = models.CharField(_("file name"), max_length=255, blank=True)  # as the client named it
    metadata = models.TextField(blank=True)  # the Upload-Metadata header, returned unchanged
    size = models.BigIntegerField(_("size"))  # bytes
    offset = models.BigIntegerField(_("received"), default=0)  # bytes
    stored = models.CharField(_("stored as"), max_length=255, blank=True)  # a name in the "videos" storage
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.RECEIVING)
    video = models.ForeignKey(Video, models.CASCADE, null=True, related_name="uploads", verbose_name=_("video"))
    created_at = models.DateTimeField(_("added at"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires at"), db_index=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        ordering = ["created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(offset__gte=0) & Q(offset__lte=F("size")), name="upload_offset_in_file")
        ]

    def __str__(self) -> str:
        return self.filename


class PendingDeletion(models.Model):
    """A stored file that is deleted at `due_at`.

    A file gets its row before it is stored, and loses it in the transaction that makes the file part of its video: if
    the worker dies in between, the file is deleted. A replaced file stays until the last address that names it has
    expired, a replaced picture until no page shows it.
    """

    name = models.CharField(_("stored as"), max_length=255, unique=True)
    storage = models.CharField(max_length=10, default="videos")  # an alias of settings.STORAGES
    due_at = models.DateTimeField(_("deleted at"), db_index=True)
    arriving_for = models.ForeignKey(Video, models.SET_NULL, null=True, blank=True, related_name="arriving")
    replaced_in = models.ForeignKey(Video, models.SET_NULL, null=True, blank=True, related_name="replaced")

    class Meta:
        verbose_name = _("file to delete")
        verbose_name_plural = _("files to delete")

    def __str__(self) -> str:
        return self.name


class ChunkQuerySet(models.QuerySet["Chunk"]):
    def waiting(self, at: datetime) -> ChunkQuerySet:
        """Not done, and held by no worker."""
        return self.filter(Q(lease_owner="") | _past(at), done=False)


class Chunk(models.Model):
    """A stretch of a long video that one worker encodes; the job's plan says which frames it holds."""

    video = models.ForeignKey(Video, models.CASCADE, related_name="chunks", verbose_name=_("video"))
    number = models.PositiveIntegerField()  # index into the plan's parts
    done = models.BooleanField(default=False)
    progress = models.FloatField(default=0)  # 0 … 1
    failures = models.PositiveSmallIntegerField(default=0)
    failure_detail = models.TextField(blank=True)
    complaints = models.TextField(blank=True)  # ffmpeg's, about a source that it could decode nevertheless
    lease_owner = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    objects = ChunkQuerySet.as_manager()

    class Meta:
        verbose_name = _("chunk")
        verbose_name_plural = _("chunks")
        ordering = ["video", "number"]
        constraints = [models.UniqueConstraint(fields=["video", "number"], name="chunk_once")]

    def __str__(self) -> str:
        return f"{name_of(self, 'video')} {self.number}"

"""Resumable uploads, over connections that break and servers that stop (tus 1.0.0).

An upload's bytes are written straight to their final file. `Upload.offset` counts those that are safely stored; what a
dead process wrote beyond it doesn't count.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.db import OperationalError
from django.db.models import F, Sum
from django.utils import timezone

from apps.media.models import Upload, Video
from apps.media.services.ingest import tus
from apps.media.services.ingest.adding import find_stored, take_in
from apps.media.services.ingest.digests import DigestCache, Digests, digest
from apps.media.services.ingest.errors import Busy, NoRoom, TooLong, Unreachable, WrongChecksum, WrongOffset
from utils.clock import Clock
from utils.databases import is_full
from utils.storages import is_unavailable, videos
from utils.storages.front import Growing, Locked
from utils.tasks import enqueue

if TYPE_CHECKING:
    from apps.users.models import User

CHUNK = 256 * 1024  # bytes taken from the connection at a time: what an upload holds in memory
SAVE_EVERY = 64 * 1024 * 1024  # bytes after which the offset is made safe: a crash costs no more
HASHED_QUICKLY = 4 * 1024**3  # bytes: a minute or two, even on a slow disk
FINISHED_WITHIN = timedelta(minutes=5)  # then a received file is put on the queue again
# Seconds that a returning client waits for its last request to end: the server takes 30 to notice a dead connection.
PATIENCE = 35.0

_digests = DigestCache()


def create_upload(*, owner: User, size: int, at: datetime, filename: str = "", metadata: str = "") -> Upload:
    """Room for a file of `size` bytes. Raises TooLong above the site's limit, and NoRoom."""
    if size > settings.UPLOAD_MAX_SIZE:
        raise TooLong
    coming = Upload.objects.arriving(at).aggregate(left=Sum(F("size") - F("offset")))["left"] or 0
    if not _has_room(coming + size):
        raise NoRoom
    with _disk():
        stored = videos().begin(tus.suffix(filename))
        expires_at = _lives_until(at)
        return Upload.objects.create(
            owner=owner, filename=filename[-255:], metadata=metadata, size=size, stored=stored, expires_at=expires_at
        )


def is_possible(*, size: int) -> bool:
    """Whether anything of that size is stored, so that hashing a file may save its upload."""
    return Video.objects.filter(size=size).exists()


def attach_known(*, owner: User, sha256: str, size: int, at: datetime, filename: str = "") -> Upload | None:
    """An upload that is done at once because its content is stored already; None if it isn't."""
    with _disk():
        video = find_stored(sha256=sha256, size=size, at=at)
    if video is None:
        return None
    return Upload.objects.create(
        owner=owner,
        filename=filename[-255:],
        size=size,
        offset=size,
        state=Upload.State.DONE,
        video=video,
        expires_at=_lives_until(at),
    )


def settle(*, upload: Upload) -> None:
    """Wait until no request writes to the upload, at most PATIENCE, and refresh `upload`.

    A client that asks for the offset is about to resume there, and its last connection may have broken a moment ago:
    bytes of it that are still being written would make the answer wrong. Raises FileNotFoundError if it was given up.
    """
    if upload.state != Upload.State.RECEIVING:
        return
    with contextlib.suppress(Busy), _locked(upload, patience=PATIENCE):
        pass
    try:
        upload.refresh_from_db()
    except Upload.DoesNotExist as error:
        raise FileNotFoundError from error


def receive(
    *,
    upload: Upload,
    offset: int,
    length: int,
    read: Callable[[int], bytes],
    checksum: tus.Checksum | None = None,
    clock: Clock = timezone.now,
) -> None:
    """Append up to `length` bytes of `read(n)` at `offset`, and refresh `upload`.

    Bytes of a connection that broke are kept, unless `checksum` covers them: then it is all or none.
    Raises Busy, WrongOffset, TooLong, WrongChecksum, NoRoom, FileNotFoundError (given up), and what `read` raises.
    """
    with _locked(upload) as file:
        upload.refresh_from_db()
        if upload.state != Upload.State.RECEIVING or offset != upload.offset:
            raise WrongOffset
        if offset + length > upload.size:
            raise TooLong
        file.resume(offset)
        digests = _digests.take(upload.pk, offset)
        try:
            if checksum:
                digests = _take_checked(upload, file, length, read, checksum, digests, clock)
            else:
                _take(upload, file, length, read, digests, clock)
        finally:
            if digests and digests.length == upload.offset < upload.size:
                _digests.keep(upload.pk, digests)
    if upload.state == Upload.State.RECEIVED:
        if digests and digests.length == upload.size:
            finish_upload(upload_id=upload.pk, digests=digests, clock=clock)
            upload.refresh_from_db()
        else:
            _finish_soon(upload)


def _take(
    upload: Upload, file: Growing, length: int, read: Callable[[int], bytes], digests: Digests | None, clock: Clock
) -> None:
    """Write the bytes as they arrive. Whatever ends it, those that arrived are stored."""
    position, end = upload.offset, upload.offset + length
    try:
        while position < end and (data := read(min(end - position, CHUNK))):
            with _disk():
                file.write(data)
            position += len(data)
            if digests:
                digests.update(data)
            if position - upload.offset >= SAVE_EVERY:
                _save(upload, file, position, clock())
                if not _has_room(0):
                    raise NoRoom
    finally:
        if position > upload.offset:
            _save(upload, file, position, clock())


def _take_checked(
    upload: Upload,
    file: Growing,
    length: int,
    read: Callable[[int], bytes],
    checksum: tus.Checksum,
    before: Digests | None,
    clock: Clock,
) -> Digests | None:
    """Write bytes that count only once their checksum is right; returns the hashes that include them."""
    digests = before.copy() if before else None
    hasher = checksum.hasher()
    left = length
    while left and (data := read(min(left, CHUNK))):
        with _disk():
            file.write(data)
        left -= len(data)
        hasher.update(data)
        if digests:
            digests.update(data)
    if left or hasher.digest() != checksum.digest:
        raise WrongChecksum
    _save(upload, file, upload.offset + length, clock())
    return digests


def _save(upload: Upload, file: Growing, offset: int, at: datetime) -> None:
    """Sync the bytes, then save the offset that counts them. Raises WrongOffset if another machine saved one."""
    whole = offset == upload.size
    state = Upload.State.RECEIVED if whole else Upload.State.RECEIVING
    expires_at = at + FINISHED_WITHIN if whole else _lives_until(at)
    rows = Upload.objects.filter(pk=upload.pk, state=Upload.State.RECEIVING, offset=upload.offset)
    with _disk():
        file.sync()
        if not rows.update(offset=offset, state=state, expires_at=expires_at):
            raise WrongOffset
    upload.offset, upload.state, upload.expires_at = offset, state, expires_at


def finish_upload(*, upload_id: UUID | str, digests: Digests | None = None, clock: Clock = timezone.now) -> None:
    """Make a video of a complete upload, hashed now unless it was hashed as it arrived. Idempotent.

    While the storage can't be reached, the upload stays received, and `look_after_uploads` has it finished later.
    """
    upload = Upload.objects.filter(pk=upload_id, state=Upload.State.RECEIVED).first()
    if upload is None:
        return
    if digests is None:
        try:
            with _locked(upload), videos().open(upload.stored) as file:
                digests = digest(file)
        except (Busy, FileNotFoundError, Unreachable):
            return  # another worker has it in hand, or has put its content with the same that was there
    try:
        video = take_in(stored=upload.stored, original_name=upload.filename, digests=digests, at=clock())
    except videos().unavailable:
        return
    Upload.objects.filter(pk=upload_id, state=Upload.State.RECEIVED).update(
        state=Upload.State.DONE, video=video, expires_at=_lives_until(clock())
    )


def _finish_soon(upload: Upload) -> None:
    """Have the queue hash the file: a large one on the queue of encodes, where no short task waits behind it."""
    name = "media.finish_upload" if upload.size <= HASHED_QUICKLY else "media.finish_large_upload"
    enqueue(name, upload_id=str(upload.pk))


def terminate(*, upload: Upload) -> None:
    """Delete the upload, and its bytes unless they are a video's. Raises Busy."""
    if upload.state != Upload.State.DONE:
        try:
            with _locked(upload):
                # The file goes first: a row without a file is swept, a file without a row would stay.
                videos().delete(upload.stored)
        except FileNotFoundError:
            pass
    upload.delete()


def look_after_uploads(*, at: datetime) -> None:
    """Delete uploads that received no byte for too long or are long done, and finish those that a dead worker left."""
    Upload.objects.expired(at).filter(state=Upload.State.DONE).delete()  # the video stays
    for upload in Upload.objects.expired(at).filter(state=Upload.State.RECEIVING):
        try:
            terminate(upload=upload)
        except (Busy, Unreachable):
            continue  # a byte arrives at this moment
    for upload in Upload.objects.expired(at).filter(state=Upload.State.RECEIVED):
        Upload.objects.filter(pk=upload.pk).update(expires_at=at + FINISHED_WITHIN)
        _finish_soon(upload)


@contextlib.contextmanager
def _locked(upload: Upload, *, patience: float = 0) -> Iterator[Growing]:
    """The upload's file, locked for this request.

    Raises Busy after `patience` seconds, FileNotFoundError, and what `_disk` does.
    """
    try:
        with _disk(), videos().growing(upload.stored, patience=patience) as file:
            yield file
    except Locked as error:
        raise Busy from error


@contextlib.contextmanager
def _disk() -> Iterator[None]:
    """Turn errors of a full disk into NoRoom, and those of a storage that can't be reached into Unreachable."""
    try:
        yield
    except (OSError, OperationalError) as error:
        if is_full(error):
            raise NoRoom from error
        if is_unavailable(error):
            raise Unreachable from error
        raise


def _has_room(size: int) -> bool:
    """Whether uploads may still take `size` bytes, as far as the storage can tell before they are stored."""
    free = videos().free_bytes()
    return free is None or size + int(settings.DISK_RESERVE) <= free


def _lives_until(at: datetime) -> datetime:
    return at + timedelta(seconds=settings.UPLOAD_TTL)

"""The queue "light": short tasks of the catalogue, uploads and cleanup."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.db import OperationalError
from django.utils import timezone

from apps.media import services as media
from apps.movies import services as movies
from apps.playback import services as playback
from apps.search import services as search
from apps.users import services as users
from utils.tasks import one_at_a_time, send_pending

SHORT: dict[str, Any] = {"soft_time_limit": 240, "time_limit": 300}
# Nothing else would retry these tasks, so a locked or full database is retried for ten hours.
PATIENT: dict[str, Any] = SHORT | {
    "autoretry_for": (OperationalError, OSError),
    "retry_backoff": 10,
    "retry_backoff_max": 600,
    "max_retries": 64,
}
HASH: dict[str, Any] = {"soft_time_limit": 600, "time_limit": 660}


@shared_task(name="catalogue.video_ready", **PATIENT)
def video_ready(*, video_id: int, **_: Any) -> None:
    movies.video_ready(video_id=video_id)


@shared_task(name="catalogue.make_pictures", **PATIENT)
def make_pictures(*, movie_id: int, **_: Any) -> None:
    movies.make_pictures(movie_id=movie_id)


@shared_task(name="catalogue.make_portrait", **PATIENT)
def make_portrait(*, person_id: int, **_: Any) -> None:
    movies.make_portrait(person_id=person_id)


@shared_task(name="catalogue.announce_missed", **SHORT)
@one_at_a_time
def announce_missed(**_: Any) -> None:
    movies.announce_missed(at=timezone.now())


@shared_task(name="catalogue.flush_plays", **SHORT)
@one_at_a_time
def flush_plays(**_: Any) -> None:
    movies.flush_plays()


@shared_task(name="catalogue.refresh_rankings", **SHORT)
@one_at_a_time
def refresh_rankings(**_: Any) -> None:
    movies.refresh_rankings()


@shared_task(name="search.update", **PATIENT)
def update_search(*, movie_ids: list[int], **_: Any) -> None:
    search.update(movie_ids=movie_ids)


@shared_task(name="search.update_related", **PATIENT)
def update_search_of(*, relation: str, key: int, **_: Any) -> None:
    search.update_related(relation=relation, key=key)


@shared_task(name="search.prepare", **SHORT)
@one_at_a_time
def prepare_search(**_: Any) -> None:
    search.prepare()


@shared_task(name="search.reheat", **SHORT)
@one_at_a_time
def reheat_search(**_: Any) -> None:
    search.reheat()


@shared_task(name="search.mend", **SHORT)
@one_at_a_time
def mend_search(**_: Any) -> None:
    search.mend_differences()


@shared_task(name="search.flush_counts", **SHORT)
@one_at_a_time
def flush_counts(**_: Any) -> None:
    search.hot.flush(at=timezone.now())


@shared_task(name="catalogue.refresh_facet_index", **SHORT)
@one_at_a_time
def refresh_facet_index(**_: Any) -> None:
    movies.refresh_facet_index(at=timezone.now())


@shared_task(name="media.finish_upload", **HASH)
def finish_upload(*, upload_id: str, **_: Any) -> None:
    media.finish_upload(upload_id=upload_id, clock=timezone.now)


@shared_task(name="media.resume_lapsed", **SHORT)
@one_at_a_time
def resume_lapsed(**_: Any) -> None:
    media.resume_lapsed(at=timezone.now())


@shared_task(name="media.look_after_uploads", **SHORT)
@one_at_a_time
def look_after_uploads(**_: Any) -> None:
    media.look_after_uploads(at=timezone.now())


@shared_task(name="media.discard_due", **SHORT)
@one_at_a_time
def discard_due(**_: Any) -> None:
    media.discard_due(at=timezone.now())


@shared_task(name="media.discard_left", **SHORT)
@one_at_a_time
def discard_left(**_: Any) -> None:
    media.discard_left(at=timezone.now())


@shared_task(name="accounts.delete_expired", **SHORT)
@one_at_a_time
def delete_expired(**_: Any) -> None:
    users.cleanup.delete_expired(at=timezone.now())
    playback.streams.forget_lapsed(at=timezone.now())
    playback.forget_lapsed(at=timezone.now())


@shared_task(name="queue.send_pending", **SHORT)
@one_at_a_time
def send_pending_tasks(**_: Any) -> None:
    send_pending()


@shared_task(name="accounts.queue_membership_reminders", **SHORT)
@one_at_a_time
def queue_membership_reminders(**_: Any) -> None:
    users.outgoing_mail.queue_membership_reminders(at=timezone.now())


@shared_task(name="accounts.send_due_mail", **SHORT)
@one_at_a_time
def send_due_mail(**_: Any) -> None:
    users.outgoing_mail.send_due(at=timezone.now())

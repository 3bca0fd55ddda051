"""Task routing, broker options and the periodic schedule."""

from __future__ import annotations

from typing import Any

from celery.schedules import crontab

# Separate queues, so that a slow gateway, mail server or encode doesn't block the others.
ROUTES = {
    "orders.mail_alarm": {"queue": "mail"},
    "orders.*": {"queue": "money"},
    "accounts.delete_expired": {"queue": "light"},
    "accounts.queue_membership_reminders": {"queue": "light"},
    "accounts.send_due_mail": {"queue": "light"},
    "accounts.*": {"queue": "mail"},
    "catalogue.*": {"queue": "light"},
    "queue.*": {"queue": "light"},
    "search.*": {"queue": "light"},
    "media.process": {"queue": "media"},
    "media.finish_large_upload": {"queue": "media"},
    "media.process_long": {"queue": "media_long"},  # separate, so that a huge job doesn't block small ones
    "media.encode_chunk": {"queue": "media_long"},
    "media.*": {"queue": "light"},
}
DEMO_ROUTES = {"demo.make_video": {"queue": "media_long"}}  # added where the demo is installed

TRANSPORT: dict[str, Any] = {
    # seconds until a task whose worker died is redelivered; tasks are idempotent
    "visibility_timeout": 900,
    # kombu sweeps abandoned tasks every interval × throttle seconds; its own 10 × 10 is too slow
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
}

SCHEDULE: dict[str, dict[str, Any]] = {
    # a run that hasn't started when the next is due expires, so that runs never pile up
    name: {"task": task, "schedule": every, "options": {"expires": every}}
    for name, task, every in [
        ("send-pending-tasks", "queue.send_pending", 5.0),
        ("flush-plays", "catalogue.flush_plays", 30.0),
        ("announce-missed", "catalogue.announce_missed", 600.0),
        ("refresh-facet-index", "catalogue.refresh_facet_index", 5.0),
        ("refresh-rankings", "catalogue.refresh_rankings", 600.0),
        ("prepare-search", "search.prepare", 60.0),
        ("reheat-search", "search.reheat", 600.0),
        ("flush-searches", "search.flush_counts", 60.0),
        ("resume-encoding", "media.resume_lapsed", 10.0),
        ("discard-files", "media.discard_due", 60.0),
        ("discard-left", "media.discard_left", 3600.0),
        ("delete-expired-account-data", "accounts.delete_expired", 3600.0),
        ("queue-membership-reminders", "accounts.queue_membership_reminders", 600.0),
        ("send-due-mail", "accounts.send_due_mail", 60.0),
        ("look-after-uploads", "media.look_after_uploads", 60.0),
        ("reconcile-orders", "orders.reconcile", 60.0),
    ]
}
# a message may be lost with the broker's data, and a row may be changed by other means than the site's
SCHEDULE["mend-search"] = {
    "task": "search.mend", "schedule": crontab(minute="40", hour="*/6"), "options": {"expires": 3600.0},
}  # fmt: skip
# Alipay publishes yesterday's bill by nine; try every hour until there is a statement
SCHEDULE["daily-statement"] = {
    "task": "orders.statement", "schedule": crontab(minute="10"), "options": {"expires": 3600.0},
}  # fmt: skip

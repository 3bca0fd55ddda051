"""Which replicas may answer: watched by one thread for each, so that a hung one delays no other and no request.

The primary has one row with a number that grows several times a second (`utils.models.ReplicaHeartbeat`). The lag of
a replica is the time since this process first saw, on the primary, the oldest number that the replica doesn't have. So
clocks that differ or are set back don't matter, and nothing else has to run: the web processes themselves increase
the number, each only if nobody else did.
"""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError

from utils.replicas.positions import NOWHERE, Position, latest, parse

ENGINE = "utils.replicas"
EVERY = 0.25  # seconds between two heartbeats, and between two looks at a server
LOOKED = 2.0  # seconds: a replica that wasn't looked at for so long isn't used
LIMITS = {"connect_timeout": 1, "read_timeout": 1, "write_timeout": 1}  # seconds
REMEMBERED = 1000  # heartbeats

logger = logging.getLogger(__name__)


class Heartbeats:
    """The numbers seen on the primary, with the time (`time.monotonic`) at which each was first seen."""

    def __init__(self) -> None:
        self._seen: deque[tuple[int, float]] = deque(maxlen=REMEMBERED)

    def saw(self, number: int, now: float) -> None:
        """Note the primary's current number."""
        if self._seen and number < self._seen[-1][0]:
            self._seen.clear()  # the row was made anew
        if not self._seen or number > self._seen[-1][0]:
            self._seen.append((number, now))

    def is_due(self, now: float) -> bool:
        """Whether the current number has stood for a whole period."""
        return bool(self._seen) and now - self._seen[-1][1] >= EVERY * 0.9

    def lag(self, number: int, now: float) -> float:
        """Seconds that a replica with this number lags; infinite if it is further back than is remembered."""
        seen = list(self._seen)
        if not seen or number < seen[0][0] - 1:
            return math.inf
        missing = next((at for one, at in seen if one > number), None)
        return 0.0 if missing is None else now - missing


class Replica:
    """What this process knows of one replica."""

    def __init__(self, alias: str, weight: int) -> None:
        self.alias, self.weight = alias, weight
        self.position: Position = NOWHERE  # applied at least up to here
        self.lag = math.inf  # seconds
        self.trouble = "not looked at yet"  # why it is left out; "" while it is used
        self._looked_at = -math.inf

    def is_usable(self) -> bool:
        """Whether requests may read from it."""
        return not self.trouble and time.monotonic() - self._looked_at < LOOKED

    def found(self, *, position: Position, lag: float) -> None:
        """Note the result of a look."""
        self.position, self.lag, self._looked_at = position, lag, time.monotonic()
        self._say(f"it lags {lag:.1f} s" if lag * 1000 > settings.REPLICA_MAX_LAG else "")

    def reached(self, position: Position) -> None:
        """Note that it has applied everything up to here."""
        self.position = latest(self.position, position)

    def failed(self, error: Exception) -> None:
        """Leave it out until a look succeeds."""
        self._say(str(error))

    def _say(self, trouble: str) -> None:
        before, self.trouble = self.trouble, trouble
        if trouble and not before:
            logger.warning("Replica %s is left out: %s", self.alias, trouble)
        elif before and not trouble:
            logger.info("Replica %s is used", self.alias)


class Watch:
    """The threads of this process; started by its first request, hence after a server has forked its workers."""

    def __init__(self) -> None:
        self.replicas = [
            Replica(alias, found.get("WEIGHT", 1))
            for alias, found in settings.DATABASES.items()
            if found["ENGINE"] == ENGINE
        ]
        self.heartbeats = Heartbeats()
        self._started_in = 0
        self._starting = threading.Lock()

    def find(self, alias: str) -> Replica:
        """The replica with this alias."""
        return next(one for one in self.replicas if one.alias == alias)

    def start(self) -> None:
        """Start watching, once in each process."""
        if self._started_in == os.getpid():
            return
        with self._starting:
            if self._started_in == os.getpid():
                return
            self._started_in = os.getpid()
        self._begin("primary", DEFAULT_DB_ALIAS, self._look_at_primary, lambda error: None)
        for replica in self.replicas:
            self._begin(replica.alias, replica.alias, self._looking_at(replica), replica.failed)

    def _begin(
        self, name: str, alias: str, look: Callable[[Any], None], failed: Callable[[DatabaseError], None]
    ) -> None:
        configured = settings.DATABASES[alias]
        limited = {**configured, "OPTIONS": {**configured["OPTIONS"], **LIMITS}, "CONN_MAX_AGE": None}
        thread = threading.Thread(target=_watch, args=(limited, alias, look, failed), name=f"watch-{name}", daemon=True)
        thread.start()

    def _look_at_primary(self, cursor: Any) -> None:
        cursor.execute("SELECT number FROM utils_replicaheartbeat WHERE id = 1")
        row = cursor.fetchone()
        if row is None:
            cursor.execute("INSERT IGNORE INTO utils_replicaheartbeat (id, number, at) VALUES (1, 1, UTC_TIMESTAMP(6))")
            return
        number, now = row[0], time.monotonic()
        self.heartbeats.saw(number, now)
        if self.heartbeats.is_due(now):
            # another process may have been first, then no row matches
            cursor.execute(
                "UPDATE utils_replicaheartbeat SET number = number + 1, at = UTC_TIMESTAMP(6)"
                " WHERE id = 1 AND number = %s",
                [number],
            )
            if cursor.rowcount:
                self.heartbeats.saw(number + 1, now)

    def _looking_at(self, replica: Replica) -> Callable[[Any], None]:
        def look(cursor: Any) -> None:
            # position first: it may be older than the number, never newer
            cursor.execute("SELECT @@gtid_slave_pos, (SELECT number FROM utils_replicaheartbeat WHERE id = 1)")
            position, number = cursor.fetchone()
            lag = math.inf if number is None else self.heartbeats.lag(number, time.monotonic())
            replica.found(position=parse(position), lag=lag)

        return look


def _watch(
    configured: dict[str, Any], alias: str, look: Callable[[Any], None], failed: Callable[[DatabaseError], None]
) -> None:
    from utils.mariadb.base import DatabaseWrapper  # a site on SQLite has no driver for it

    connection = DatabaseWrapper(configured, alias)  # in this thread: only it may use the connection
    while True:
        try:
            with connection.cursor() as cursor:
                look(cursor)
        except DatabaseError as error:
            failed(error)
            connection.close()
        except Exception as error:  # nobody else would hear of it, and the thread has to go on
            logger.exception("Looking at a database failed")
            failed(DatabaseError(str(error)))
            connection.close()
        time.sleep(EVERY)

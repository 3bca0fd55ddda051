"""GTID positions: "domain-server-sequence" for each replication domain (MariaDB, "Global Transaction ID")."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.db import DEFAULT_DB_ALIAS, connections
from django_redis import get_redis_connection
from redis.exceptions import RedisError

Position = Mapping[int, int]  # the last sequence number of each domain

NOWHERE: Position = {}
LONGEST = 200  # characters
PATTERN = re.compile(r"\d{1,10}-\d{1,10}-\d{1,18}(,\d{1,10}-\d{1,10}-\d{1,18})*", re.ASCII)
# of this session, else of the server: a reconnected session doesn't remember what it wrote
WRITTEN = "SELECT IF(@@last_gtid = '', @@gtid_binlog_pos, @@last_gtid)"
SHARED = "streamsite:pages:position"  # a sorted set: domains by sequence number


def parse(text: str) -> Position:
    """The position written as a comma-separated list of GTIDs; "" is nowhere. Raises ValueError."""
    if not text:
        return NOWHERE
    if len(text) > LONGEST or not PATTERN.fullmatch(text):
        raise ValueError("This is not a GTID position.")
    parts = [one.split("-") for one in text.split(",")]
    return {int(domain): int(sequence) for domain, _server, sequence in parts}


def to_text(position: Position) -> str:
    """The position as MariaDB reads it. The server id plays no part in comparing positions, so it is 1."""
    return ",".join(f"{domain}-1-{sequence}" for domain, sequence in sorted(position.items()))


def latest(one: Position, other: Position) -> Position:
    """The position that covers both."""
    if not one or not other:
        return one or other
    return {domain: max(one.get(domain, 0), other.get(domain, 0)) for domain in one.keys() | other.keys()}


def covers(reached: Position, wanted: Position) -> bool:
    """Whether everything up to `wanted` has been applied at `reached`."""
    return all(reached.get(domain, 0) >= sequence for domain, sequence in wanted.items())


def written() -> Position:
    """The position of what this thread's connection to the primary committed last. Raises DatabaseError."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(WRITTEN)
        return parse(cursor.fetchone()[0])


def share(position: Position) -> None:
    """Have every process read the public pages' content at this position or later. Raises RedisError."""
    if position:
        scores = {str(domain): sequence for domain, sequence in position.items()}
        get_redis_connection("default").zadd(SHARED, scores, gt=True)  # concurrent writers: the latest wins


def shared() -> Position:
    """The position of the public pages' content; nowhere while Redis is unavailable."""
    try:
        found = get_redis_connection("default").zrange(SHARED, 0, -1, withscores=True)
    except (RedisError, OSError):
        return NOWHERE
    return {int(domain): int(sequence) for domain, sequence in found}

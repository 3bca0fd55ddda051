"""Reads from replicas of a MariaDB primary, and exactly what the viewer wrote.

    positions  GTID positions: what has been committed, and what a replica has applied
    health     which replicas answer and how far they lag; one thread for each, in every web process
    routing    the choice of one request
    router     Django's database router
    base       the connection (ENGINE "utils.replicas"): what a replica fails to answer, the primary answers
    middleware the request's reads, and the cookie with the position of its writes

Settings: DATABASES entries with ENGINE "utils.replicas" and WEIGHT; REPLICATED_APPS, the apps whose models are read
from replicas; JOINED_APPS, those whose tables may appear in such queries; REPLICA_MAX_LAG in milliseconds.
"""

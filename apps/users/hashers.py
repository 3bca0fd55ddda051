"""Password hashing."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2Hasher(Argon2PasswordHasher):
    """Argon2id with the parameters OWASP recommends: 19 MiB, two passes, one lane.

    Django's defaults take 100 MiB and eight lanes per attempt; a few dozen a second would overload a small server.
    """

    time_cost = 2
    memory_cost = 19456  # KiB
    parallelism = 1

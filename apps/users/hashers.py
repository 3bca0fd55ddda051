"""How passwords are hashed."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2Hasher(Argon2PasswordHasher):
    """Argon2id with the memory and time that OWASP names as enough: 19 MiB, two passes, one lane.

    Django's own choice takes 100 MiB and eight lanes for each try: a few dozen a second would stop a small server.
    """

    time_cost = 2
    memory_cost = 19456  # KiB
    parallelism = 1

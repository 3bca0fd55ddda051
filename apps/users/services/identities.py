"""External accounts linked for sign-in."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.users.identifiers import LONGEST_NICKNAME, adopt, normalize_email
from apps.users.models import Identity, User
from apps.users.services import credentials
from apps.users.services.registration import save_under_free_name
from utils.plain_text import clean_line


class KnownAddress(Exception):
    """The email belongs to an account that isn't linked; its owner has to sign in and link it first."""


class ConnectedElsewhere(Exception):
    """The external account or the local account is already linked to another one."""


@dataclass(frozen=True)
class Person:
    """An identity asserted by a provider. `email` is empty unless the provider has verified it."""

    provider: str
    subject: str
    email: str
    name: str
    language: str = ""


def find(*, person: Person) -> User | None:
    """The account linked to this identity."""
    row = Identity.objects.select_related("user").filter(provider=person.provider, subject=person.subject).first()
    return row.user if row else None


def connect(*, user: User, person: Person, at: datetime) -> None:
    """Link the identity to the account. Idempotent.

    Raises ConnectedElsewhere, CredentialsChanged.
    """
    if find(person=person) == user:
        return
    try:
        with transaction.atomic():
            credentials.lock_account(user=user)
            Identity.objects.create(user=user, provider=person.provider, subject=person.subject, created_at=at)
    except IntegrityError as error:
        raise ConnectedElsewhere from error


@transaction.atomic
def make_account(*, person: Person, at: datetime) -> User:
    """Create an account for a new person. An email alone never grants access to an existing account: KnownAddress."""
    email = normalize_email(person.email)
    if email and User.objects.filter(email=email).exists():
        raise KnownAddress
    user = User(
        password=make_password(None), email=email or None,
        email_verified_at=at if email else None, language=person.language, date_joined=at,
    )  # fmt: skip
    with suppress(ValidationError):  # others then see the username
        user.nickname = user.validate_nickname(clean_line(person.name)[:LONGEST_NICKNAME])
    save_under_free_name(user, adopt(person.name) or f"user-{secrets.token_hex(4)}")
    connect(user=user, person=person, at=at)
    return user

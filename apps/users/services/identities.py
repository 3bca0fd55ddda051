"""Accounts that sign in elsewhere."""

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
    """The e-mail belongs to an account here that isn't connected: its owner has to sign in first."""


class ConnectedElsewhere(Exception):
    """The person elsewhere, or the account here, is connected with another already."""


@dataclass(frozen=True)
class Person:
    """Whom a provider says somebody is. `email` is empty unless the provider has proved it."""

    provider: str
    subject: str
    email: str
    name: str
    language: str = ""


def find(*, person: Person) -> User | None:
    """The account connected with the person."""
    row = Identity.objects.select_related("user").filter(provider=person.provider, subject=person.subject).first()
    return row.user if row else None


def connect(*, user: User, person: Person, at: datetime) -> None:
    """Let the person sign in to the account; connecting again changes nothing.

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
    """An account for somebody new. Raises KnownAddress: an address alone never opens an account that exists."""
    email = normalize_email(person.email)
    if email and User.objects.filter(email=email).exists():
        raise KnownAddress
    user = User(
        password=make_password(None), email=email or None,
        email_verified_at=at if email else None, language=person.language, date_joined=at,
    )  # fmt: skip
    with suppress(ValidationError):  # then others see the user name
        user.nickname = user.validate_nickname(clean_line(person.name)[:LONGEST_NICKNAME])
    save_under_free_name(user, adopt(person.name) or f"user-{secrets.token_hex(4)}")
    connect(user=user, person=person, at=at)
    return user

"""Authentication by username, email or phone number."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.utils import timezone

from apps.users.identifiers import normalize_email, normalize_phone, normalize_username
from apps.users.models import Membership, User

LONGEST_PASSWORD = 4096  # characters; longer passwords are rejected unhashed


class AnyNameBackend(ModelBackend):
    """Looks the account up by username, email or phone number; sessions of locked accounts are rejected."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_: Any
    ) -> User | None:
        if username is None or password is None or len(password) > LONGEST_PASSWORD:
            return None
        user = find_user(username)
        if user is None or not user.has_usable_password():
            User().set_password(password)  # constant time, whether or not the account exists
            return None
        if user.check_password(password) and self.user_can_authenticate(user):
            return user
        return None

    def get_user(self, user_id: int) -> User | None:
        """The account of a session unless it is locked, annotated with `is_vip`, which every page shows."""
        is_vip = Exists(Membership.objects.at(timezone.now()).filter(user=OuterRef("pk")))
        user = User.objects.annotate(is_vip=is_vip).filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) and not user.is_locked else None


def find_user(name: str) -> User | None:
    """The account with this email, phone number or username; None if there is none."""
    if "\x00" in name:
        return None
    if "@" in name and (user := User.objects.filter(email=normalize_email(name)).first()):
        return user
    if (phone := normalize_phone(name)) and (user := User.objects.filter(phone=phone).first()):
        return user
    folded = normalize_username(name)
    found = {user.username: user for user in User.objects.filter(username__in={folded, name.strip()})}
    return found.get(name.strip()) or found.get(folded)  # an old username may differ from another in case only

"""Signing in by any name: user name, e-mail or phone."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.utils import timezone

from apps.users.identifiers import normalize_email, normalize_phone, normalize_username
from apps.users.models import Membership, User

LONGEST_PASSWORD = 4096  # characters that are hashed at all


class AnyNameBackend(ModelBackend):
    """Looks the account up by what the name is shaped like; a locked account doesn't pass."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_: Any
    ) -> User | None:
        if username is None or password is None or len(password) > LONGEST_PASSWORD:
            return None
        user = find_user(username)
        if user is None or not user.has_usable_password():
            User().set_password(password)  # the same time whether or not the account exists
            return None
        if user.check_password(password) and self.user_can_authenticate(user):
            return user
        return None

    def get_user(self, user_id: int) -> User | None:
        """The account of a session, if it is open; `is_vip` comes with it: every page's frame shows it."""
        is_vip = Exists(Membership.objects.at(timezone.now()).filter(user=OuterRef("pk")))
        user = User.objects.annotate(is_vip=is_vip).filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) and not user.is_locked else None


def find_user(name: str) -> User | None:
    """Whose name this is: an e-mail, a phone, else a user name. None for nobody."""
    if "\x00" in name:
        return None
    if "@" in name and (user := User.objects.filter(email=normalize_email(name)).first()):
        return user
    if (phone := normalize_phone(name)) and (user := User.objects.filter(phone=phone).first()):
        return user
    folded = normalize_username(name)
    found = {user.username: user for user in User.objects.filter(username__in={folded, name.strip()})}
    return found.get(name.strip()) or found.get(folded)  # an old name that differs from another in case only

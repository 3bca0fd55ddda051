"""Signing in by any name: user name, e-mail or phone."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from apps.users.models import User
from apps.users.names import normalize_email, normalize_phone


class AnyNameBackend(ModelBackend):
    """Looks the account up by what the name is shaped like; a locked account doesn't pass."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_: Any
    ) -> User | None:
        if username is None or password is None:
            return None
        user = self.find(username)
        if user is None:
            User().set_password(password)  # the same time whether or not the account exists
            return None
        if user.check_password(password) and self.user_can_authenticate(user):
            return user
        return None

    def find(self, name: str) -> User | None:
        user = User.objects.filter(username=name.strip()).first()
        if user is None and "@" in name:
            user = User.objects.filter(email=normalize_email(name)).first()
        if user is None and (phone := normalize_phone(name)):
            user = User.objects.filter(phone=phone).first()
        return user

    def get_user(self, user_id: int) -> User | None:
        user = super().get_user(user_id)
        return user if isinstance(user, User) and not user.is_locked else None

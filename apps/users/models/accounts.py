"""Accounts and memberships."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.users.identifiers import clean_nickname, normalize_email, normalize_phone, normalize_username, reject_spoofing
from apps.users.reserved_names import impersonates_staff
from utils.confusables import SkeletonField, confusable_with, skeleton
from utils.rows import name_of


class AccountManager(UserManager["User"]):
    """Stores a missing email as NULL, because the unique constraint allows only one empty string."""

    @classmethod
    def normalize_email(cls, email: str | None) -> str | None:  # type: ignore[override]
        return normalize_email(email or "") or None

    def confusable_with(self, name: str) -> models.QuerySet[User]:
        """Accounts whose username is visually confusable with this one (UTS #39)."""
        return self.filter(confusable_with("skeleton", name))


class User(AbstractUser):
    """A member or an administrator (`is_staff`). E-mail and phone are unique where set: unset is NULL."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField(_("email"), null=True, blank=True, unique=True)  # type: ignore[assignment]
    email_verified_at = models.DateTimeField(_("email verified at"), null=True, blank=True)
    phone = models.CharField(
        _("phone number"),
        max_length=20,
        null=True,
        blank=True,
        unique=True,
        help_text=_("With country code: +8613800138000"),
    )
    phone_verified_at = models.DateTimeField(_("phone number verified at"), null=True, blank=True)
    skeleton = SkeletonField(_("username skeleton"), of="username")
    password_changed_at = models.DateTimeField(_("password changed at"), null=True, blank=True, editable=False)
    # sessions and emailed links depend on it, so a new stamp ends them all
    stamp = models.CharField(_("session stamp"), max_length=32, blank=True, editable=False)
    new_email = models.EmailField(_("unconfirmed email"), blank=True, editable=False)
    new_email_asked_at = models.DateTimeField(_("requested at"), null=True, blank=True, editable=False)
    reset_mailed_at = models.DateTimeField(_("reset link sent at"), null=True, blank=True, editable=False)
    nickname = models.CharField(_("nickname"), max_length=30, blank=True)
    avatar = models.ImageField(_("avatar"), upload_to="avatars/", blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    locked_at = models.DateTimeField(_("locked at"), null=True, blank=True)
    locked_reason = models.CharField(_("lock reason"), max_length=200, blank=True)

    # set per request when STAFF_SECOND_FACTOR requires a second factor that the session lacks
    rights_withheld = False

    objects = AccountManager()  # type: ignore[misc]

    class Meta(AbstractUser.Meta):
        verbose_name = _("user")  # type: ignore[assignment]
        verbose_name_plural = _("users")  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.display_name

    @classmethod
    def normalize_username(cls, username: str) -> str:
        return normalize_username(username or "")  # Django's form passes None for a name that is taken

    @property
    def avatar_url(self) -> str:
        """URL of the avatar, "" without one."""
        return default_storage.url(self.avatar.name) if self.avatar else ""

    @property
    def display_name(self) -> str:
        """The name shown to others: the nickname, else the username."""
        if not self.is_active and not self.has_usable_password():
            return gettext("Deleted account")
        return self.nickname or self.username

    def get_full_name(self) -> str:
        return self.display_name

    def get_short_name(self) -> str:
        return self.display_name

    @property
    def is_locked(self) -> bool:
        """Whether an administrator locked the account; `locked_reason` holds the reason."""
        return self.locked_at is not None

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """The hash that ties a session to the account; without a stamp, the same as Django's own."""
        kept: str = super()._get_session_auth_hash(secret)  # type: ignore[misc]
        return hashlib.sha256(f"{kept}{self.stamp}".encode()).hexdigest() if self.stamp else kept

    def has_perm(self, perm: str, obj: models.Model | None = None) -> bool:
        return not self.rights_withheld and super().has_perm(perm, obj)

    def has_module_perms(self, app_label: str) -> bool:
        return not self.rights_withheld and super().has_module_perms(app_label)

    def clean(self) -> None:
        super().clean()
        self._validate_names()
        self.email = self.email or None
        self.phone = normalize_phone(self.phone or "") or self.phone or None

    def _validate_names(self) -> None:
        """Reject changed names that contain spoofing characters or are confusable with another account's."""
        before = User.objects.filter(pk=self.pk).first()
        if before is None or before.username != self.username:
            with _on_field("username"):
                reject_spoofing(self.username)
                others = User.objects.confusable_with(self.username).exclude(pk=self.pk)
                if others.exclude(username=self.username).exists():
                    raise ValidationError(gettext("This username looks too similar to another account's."))
        if before is None or before.nickname != self.nickname:
            with _on_field("nickname"):
                self.nickname = self.validate_nickname(self.nickname)

    def validate_nickname(self, text: str) -> str:
        """The normalized nickname. Only staff may have one that reads as official.

        Raises ValidationError for spoofing characters and impersonation.
        """
        nickname = clean_nickname(text)
        if nickname and not self.is_staff and (impersonates_staff(nickname) or _is_called_staff(nickname)):
            raise ValidationError(gettext("This nickname could be mistaken for site staff. Choose another one."))
        return nickname


def _is_called_staff(nickname: str) -> bool:
    """Whether a staff member has a confusable nickname. Their usernames are private and not compared."""
    staff = User.objects.filter(is_staff=True, is_active=True).exclude(nickname="")
    look = skeleton(nickname)
    return any(look == skeleton(name) for name in staff.values_list("nickname", flat=True))


@contextmanager
def _on_field(field: str) -> Iterator[None]:
    """Attach a ValidationError to the field it is about."""
    try:
        yield
    except ValidationError as refused:
        raise ValidationError({field: refused.messages}) from refused


class MembershipQuerySet(models.QuerySet["Membership"]):
    def at(self, moment: datetime) -> MembershipQuerySet:
        """Periods `[starts_at, ends_at)` that contain `moment`."""
        return self.filter(starts_at__lte=moment, ends_at__gt=moment)


class Membership(models.Model):
    """A period `[starts_at, ends_at)` in which a user is a VIP."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships", verbose_name=_("user"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"))
    streams = models.PositiveSmallIntegerField(_("simultaneous streams"), default=2)  # copied from the plan when sold
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        indexes = [models.Index(fields=["user", "ends_at"]), models.Index(fields=["ends_at"])]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="membership_ends_after_start"
            ),
            models.CheckConstraint(condition=models.Q(streams__gt=0), name="membership_streams_positive"),
        ]

    def __str__(self) -> str:
        return f"{name_of(self, 'user')} {self.starts_at:%Y-%m-%d} – {self.ends_at:%Y-%m-%d}"

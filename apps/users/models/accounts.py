"""Accounts and memberships."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.files.storage import default_storage
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.users.names import normalize_email, normalize_phone, normalize_username
from utils.rows import name_of


class AccountManager(UserManager["User"]):
    """Keeps an e-mail that isn't given as NULL: the empty string would be unique only once."""

    @classmethod
    def normalize_email(cls, email: str | None) -> str | None:  # type: ignore[override]
        return normalize_email(email or "") or None


class User(AbstractUser):
    """A member or an administrator (`is_staff`). E-mail and phone are unique where set: unset is NULL."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField(_("e-mail"), null=True, blank=True, unique=True)  # type: ignore[assignment]
    email_verified_at = models.DateTimeField(_("e-mail verified at"), null=True, blank=True)
    phone = models.CharField(
        _("phone"), max_length=20, null=True, blank=True, unique=True, help_text=_("With country code: +8613800138000")
    )
    phone_verified_at = models.DateTimeField(_("phone verified at"), null=True, blank=True)
    nickname = models.CharField(_("nickname"), max_length=30, blank=True)
    avatar = models.ImageField(_("avatar"), upload_to="avatars/", blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    locked_at = models.DateTimeField(_("locked at"), null=True, blank=True)
    locked_reason = models.CharField(_("reason for locking"), max_length=200, blank=True)

    # of this instance, in requests whose session lacks the second factor that STAFF_SECOND_FACTOR asks of staff
    rights_withheld = False

    objects = AccountManager()  # type: ignore[misc]

    class Meta(AbstractUser.Meta):
        verbose_name = _("user")  # type: ignore[assignment]
        verbose_name_plural = _("users")  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.display_name

    @classmethod
    def normalize_username(cls, username: str) -> str:
        return normalize_username(username or "")  # Django's form hands on None for a name that is taken

    @property
    def avatar_url(self) -> str:
        """The picture's address, "" without one."""
        return default_storage.url(self.avatar.name) if self.avatar else ""

    @property
    def display_name(self) -> str:
        """How others see the account: its nickname, else its user name."""
        if not self.is_active and not self.has_usable_password():
            return gettext("Deleted account")
        return self.nickname or self.username

    def get_full_name(self) -> str:
        return self.display_name

    def get_short_name(self) -> str:
        return self.display_name

    @property
    def is_locked(self) -> bool:
        """Whether an administrator locked it; `locked_reason` says why."""
        return self.locked_at is not None

    def has_perm(self, perm: str, obj: models.Model | None = None) -> bool:
        return not self.rights_withheld and super().has_perm(perm, obj)

    def has_module_perms(self, app_label: str) -> bool:
        return not self.rights_withheld and super().has_module_perms(app_label)

    def clean(self) -> None:
        super().clean()
        self.email = self.email or None
        self.phone = normalize_phone(self.phone or "") or self.phone or None


class MembershipQuerySet(models.QuerySet["Membership"]):
    def at(self, moment: datetime) -> MembershipQuerySet:
        """Periods `[starts_at, ends_at)` that hold `moment`."""
        return self.filter(starts_at__lte=moment, ends_at__gt=moment)


class Membership(models.Model):
    """A period `[starts_at, ends_at)` in which a user is a VIP."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships", verbose_name=_("user"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"))
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
            )
        ]

    def __str__(self) -> str:
        return f"{name_of(self, 'user')} {self.starts_at:%Y-%m-%d} – {self.ends_at:%Y-%m-%d}"

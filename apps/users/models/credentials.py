"""Credentials: pending sign-ups, SMS codes, sessions by device, second factors, linked accounts."""

from __future__ import annotations

from datetime import datetime

from django.contrib.sessions.models import Session
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.users.models.accounts import User
from utils.encryption import EncryptedField
from utils.rows import name_of


class Registration(models.Model):
    """A pending sign-up. The account is created once the email or phone is verified.

    Attempts are independent: signing up with another person's address neither blocks that person
    nor sets a password on their account.
    """

    username = models.CharField(_("username"), max_length=30)
    email = models.EmailField(_("email"), blank=True)
    phone = models.CharField(_("phone number"), max_length=20, blank=True)
    password = models.CharField(_("password"), max_length=128)  # hashed
    language = models.CharField(_("language"), max_length=10, blank=True)
    created_at = models.DateTimeField(_("created at"))
    used_at = models.DateTimeField(_("used at"), null=True, blank=True)

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        indexes = [models.Index(fields=["email", "-created_at"])]

    def __str__(self) -> str:
        return self.username


class PhoneCode(models.Model):
    """A code sent by SMS, stored as a keyed hash; `attempts` limits guesses."""

    class Purpose(models.TextChoices):
        """What the code authorizes."""

        REGISTER = "register", _("sign up")
        RESET = "reset", _("reset password")
        PHONE = "phone", _("change phone number")

    phone = models.CharField(_("phone number"), max_length=20)
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose)
    subject = models.BigIntegerField(_("subject"), null=True)  # id of the Registration or the User
    digest = models.CharField(_("digest"), max_length=64, blank=True)  # empty: no code was sent, so none matches
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    created_at = models.DateTimeField(_("created at"))
    expires_at = models.DateTimeField(_("expires at"))
    used_at = models.DateTimeField(_("used at"), null=True, blank=True)

    class Meta:
        verbose_name = _("SMS code")
        verbose_name_plural = _("SMS codes")

    def __str__(self) -> str:
        return f"{self.phone} {self.purpose}"


class DeviceQuerySet(models.QuerySet["Device"]):
    def signed_in(self, *, at: datetime) -> DeviceQuerySet:
        """Devices with an unexpired session, most recently active first."""
        alive = Session.objects.filter(expire_date__gt=at).values("session_key")
        return self.filter(session_key__in=alive).order_by("-last_seen_at")


class Device(models.Model):
    """A signed-in browser, which is one session. Its location is not stored."""

    user = models.ForeignKey(User, models.CASCADE, related_name="devices", verbose_name=_("user"))
    session_key = models.CharField(_("session"), max_length=40, unique=True)
    user_agent = models.CharField(_("browser"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("signed in at"))
    last_seen_at = models.DateTimeField(_("last active at"))

    objects = DeviceQuerySet.as_manager()

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")

    def __str__(self) -> str:
        return f"{name_of(self, 'user')} {self.user_agent[:40]}"


class KnownBrowser(models.Model):
    """A browser that signed in to the account before, identified by a random name in a cookie (stored hashed)."""

    user = models.ForeignKey(User, models.CASCADE, related_name="known_browsers", verbose_name=_("user"))
    digest = models.CharField(_("digest"), max_length=64)
    user_agent = models.CharField(_("browser"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("first sign-in at"))
    last_at = models.DateTimeField(_("last sign-in at"))

    class Meta:
        verbose_name = _("recognized browser")
        verbose_name_plural = _("recognized browsers")
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="known_browser_once")]

    def __str__(self) -> str:
        return f"{name_of(self, 'user')} {self.user_agent[:40]}"


class SecondFactor(models.Model):
    """An authenticator app (TOTP, RFC 6238). Required at sign-in only after a first code confirmed it."""

    user = models.OneToOneField(User, models.CASCADE, related_name="second_factor", verbose_name=_("user"))
    secret = EncryptedField(_("secret"))  # base32; empty when the encryption key is lost
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    last_step = models.BigIntegerField(_("last time step"), default=0)  # each code is accepted once (RFC 6238 §5.2)

    class Meta:
        verbose_name = _("second factor")
        verbose_name_plural = _("second factors")

    def __str__(self) -> str:
        return name_of(self, "user")


class RecoveryCode(models.Model):
    """A one-time substitute for the authenticator app, stored as a keyed hash."""

    user = models.ForeignKey(User, models.CASCADE, related_name="recovery_codes", verbose_name=_("user"))
    digest = models.CharField(_("digest"), max_length=64)
    used_at = models.DateTimeField(_("used at"), null=True, blank=True)

    class Meta:
        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_once")]

    def __str__(self) -> str:
        return name_of(self, "user")


class Identity(models.Model):
    """An external account linked for sign-in: a provider and its subject identifier."""

    user = models.ForeignKey(User, models.CASCADE, related_name="identities", verbose_name=_("user"))
    provider = models.CharField(_("sign-in provider"), max_length=30)
    subject = models.CharField(_("subject"), max_length=255)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("connected account")
        verbose_name_plural = _("connected accounts")
        constraints = [
            models.UniqueConstraint(fields=["provider", "subject"], name="identity_once"),
            models.UniqueConstraint(fields=["user", "provider"], name="identity_one_per_provider"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {name_of(self, 'user')}"

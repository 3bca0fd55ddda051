"""Signing in by any name: user name, e-mail or phone."""

from __future__ import annotations

from django.contrib.auth.backends import ModelBackend


class AnyNameBackend(ModelBackend):
    pass

"""An account with everything that can give access to it."""

from __future__ import annotations

import pytest
from django.utils import timezone

from apps.users.models import Identity, User
from tests.factories import make_user


@pytest.fixture
def lin() -> User:
    return make_user(
        username="lin", email="lin@example.com", phone="+8613800138000", language="en", last_login=timezone.now()
    )


@pytest.fixture
def identity(lin) -> Identity:
    return Identity.objects.create(user=lin, provider="wechat", subject="thief", created_at=timezone.now())


@pytest.fixture
def _wechat(settings):
    """A provider of the site's own, as docs/accounts.md tells how to write one."""
    from apps.users.providers import providers

    settings.SIGN_IN_PROVIDERS = ["tests.users.recovery.account.WeChat"]
    providers.cache_clear()
    yield
    providers.cache_clear()

"""Re-checking, under a lock, that a request's credentials are still valid when it acts on them."""

from __future__ import annotations

from apps.users.models import User


class CredentialsChanged(Exception):
    """Another browser meanwhile changed the password, removed the sign-in method or signed this browser out."""


def lock_account(*, user: User) -> User:
    """The account's row, locked until the transaction ends. `user` is the account as the request loaded it.

    Raises CredentialsChanged if those credentials no longer apply, so that a concurrent request can't add a new
    sign-in method after access was revoked.
    """
    row = User.objects.select_for_update().filter(pk=user.pk, is_active=True, locked_at=None).first()
    if row is None or row.get_session_auth_hash() != user.get_session_auth_hash():
        raise CredentialsChanged
    return row

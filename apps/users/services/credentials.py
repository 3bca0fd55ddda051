"""Whether what somebody has shown still counts when it is acted on."""

from __future__ import annotations

from apps.users.models import User


class CredentialsChanged(Exception):
    """It was taken back meanwhile: another browser changed the password, removed the way in or signed this one out."""


def lock_account(*, user: User) -> User:
    """The account's row, locked until the transaction ends. `user` is the account as the request found it.

    Raises CredentialsChanged where that opens it no more: a request that was under way then adds no new way in.
    """
    row = User.objects.select_for_update().filter(pk=user.pk, is_active=True, locked_at=None).first()
    if row is None or row.get_session_auth_hash() != user.get_session_auth_hash():
        raise CredentialsChanged
    return row

"""What accounts do: each journey is a module of its own."""

from apps.users.services.memberships import (
    extend_membership,
    is_member,
    membership_end,
    membership_streams,
    take_back_membership,
)

__all__ = ["extend_membership", "is_member", "membership_end", "membership_streams", "take_back_membership"]

"""What accounts do: each journey is a module of its own."""

from apps.users.services.memberships import is_member, membership_end

__all__ = ["is_member", "membership_end"]

from apps.users.admin import accounts, audit, memberships

__all__ = ["accounts", "audit", "memberships"]

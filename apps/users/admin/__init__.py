from apps.users.admin import accounts, audit

__all__ = ["accounts", "audit"]

from apps.users.admin import accounts

__all__ = ["accounts"]

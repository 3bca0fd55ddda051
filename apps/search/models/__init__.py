"""What viewers search for."""

from apps.search.models.searches import BannedWord, HotSearch, RecentSearch

__all__ = ["BannedWord", "HotSearch", "RecentSearch"]

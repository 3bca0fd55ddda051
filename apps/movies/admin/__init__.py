from apps.movies.admin import episodes, names, people, schedules, titles

__all__ = ["episodes", "names", "people", "schedules", "titles"]

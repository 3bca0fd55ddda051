from apps.movies.admin import episodes, names, titles

__all__ = ["episodes", "names", "titles"]

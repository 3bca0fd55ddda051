from apps.movies.admin import names, titles

__all__ = ["names", "titles"]

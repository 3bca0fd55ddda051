from django.urls import path

from apps.search.views import mine, results, suggestions

app_name = "search"
urlpatterns = [
    path("", results.results, name="results"),
    path("suggest/", suggestions.suggestions, name="suggest"),
    path("picked/", suggestions.picked, name="picked"),
    path("mine/", mine.mine, name="mine"),
]

from django.urls import path

from apps.movies.views import browse, calendar, people, shelves

app_name = "movies"
urlpatterns = [
    path("", shelves.home, name="home"),
    path("calendar/", calendar.calendar, name="calendar"),
    path("comedy/<str:subject>/<int:page>/", browse.category, name="category"),
    path("genre/<slug:slug>/", browse.genre, name="genre"),
    path("new/", calendar.new, name="new"),
    path("person/<int:person_id>/", people.person, name="person"),
    path("ranking/<slug:period>/", shelves.ranking, name="ranking"),
]

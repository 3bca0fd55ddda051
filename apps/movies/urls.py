from django.urls import path

from apps.movies import views

app_name = "movies"
urlpatterns = [
    path("", views.home, name="home"),
    path("comedy/<str:subject>/<int:page>/", views.category, name="category"),
    path("ranking/<slug:period>/", views.ranking, name="ranking"),
]

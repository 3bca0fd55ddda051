from django.urls import URLPattern

app_name = "movies"
urlpatterns: list[URLPattern] = []

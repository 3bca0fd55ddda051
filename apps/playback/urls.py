from django.urls import URLPattern

app_name = "playback"
urlpatterns: list[URLPattern] = []

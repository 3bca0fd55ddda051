from django.urls import path

from apps.playback import views

app_name = "playback"
urlpatterns = [
    path("single/<int:movie_id>/<int:set_id>/", views.watch, name="watch"),
    path("play/<int:movie_id>/<int:set_id>/master.m3u8", views.master, name="master"),
    path("play/<int:movie_id>/<int:set_id>/progress/", views.progress, name="progress"),
    path("play/<int:movie_id>/<int:set_id>/storyboard.vtt", views.storyboard, name="storyboard"),
    path("play/<int:movie_id>/<int:set_id>/text-<int:subtitle_id>.m3u8", views.subtitle, name="subtitle"),
    path("play/<int:movie_id>/<int:set_id>/<slug:name>.m3u8", views.rendition, name="rendition"),
    path("v/<path:name>", views.video_file, name="file"),
    path("user/userinfo/<int:page>/", views.history, name="history"),
]

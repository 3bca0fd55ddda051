from django.urls import path

from apps.playback.views.addresses import addresses, file
from apps.playback.views.files import material_file, video_file
from apps.playback.views.heartbeats import place, progress
from apps.playback.views.history import history
from apps.playback.views.material import material
from apps.playback.views.playlists import master, preview_text, rendition, storyboard, subtitle
from apps.playback.views.watch import watch

app_name = "playback"
urlpatterns = [
    path("single/<int:movie_id>/<int:set_id>/", watch, name="watch"),
    path("play/<int:movie_id>/<int:set_id>/master.m3u8", master, name="master"),
    path("play/<int:movie_id>/<int:set_id>/progress/", progress, name="progress"),
    path("play/<int:movie_id>/<int:set_id>/place/", place, name="place"),
    path("play/<int:movie_id>/<int:set_id>/addresses/", addresses, name="addresses"),
    path("play/<int:movie_id>/<int:set_id>/file/<path:name>", file, name="title_file"),
    path("play/<int:movie_id>/<int:set_id>/storyboard.vtt", storyboard, name="storyboard"),
    path("play/<int:movie_id>/<int:set_id>/text-<int:subtitle_id>.m3u8", subtitle, name="subtitle"),
    path("play/<int:movie_id>/<int:set_id>/text-<int:subtitle_id>.vtt", preview_text, name="preview_text"),
    path("play/<int:movie_id>/<int:set_id>/<slug:name>.m3u8", rendition, name="rendition"),
    path("material/<int:material_id>/", material, name="material"),
    path("v/materials/<path:name>", material_file, name="material_file"),
    path("v/<path:name>", video_file, name="file"),
    path("user/userinfo/<int:page>/", history, name="history"),
]

from django.urls import path

from apps.media.views import known, upload, uploads

app_name = "media"
urlpatterns = [
    path("", uploads, name="uploads"),
    path("known/", known, name="known"),
    path("<uuid:upload_id>/", upload, name="upload"),
]

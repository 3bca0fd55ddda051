from django.contrib import admin

from apps.notices.models import Notice
from utils.admin import PublicModelAdmin


@admin.register(Notice)
class NoticeAdmin(PublicModelAdmin):
    list_display = ["title", "pinned", "starts_at", "ends_at"]
    list_filter = ["pinned"]
    search_fields = ["title", "body"]

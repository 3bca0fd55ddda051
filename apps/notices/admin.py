from django.contrib import admin

from apps.notices.models import Notice
from utils.admin import ShownModelAdmin


@admin.register(Notice)
class NoticeAdmin(ShownModelAdmin):
    list_display = ["title", "pinned", "starts_at", "ends_at"]
    list_filter = ["pinned"]
    search_fields = ["title", "body"]

from django.urls import path

from apps.seo import views

app_name = "seo"
urlpatterns = [
    path("robots.txt", views.robots, name="robots"),
    path("feed/", views.feed, name="feed"),
    path("feed/<str:subject>/", views.feed, name="category_feed"),
    path("sitemap.xml", views.sitemap, name="sitemap"),
    path("sitemap-pages.xml", views.sitemap_pages, name="sitemap_pages"),
    path("sitemap-<slug:section>-<int:number>.xml", views.sitemap_part, name="sitemap_part"),
    path("opensearch.xml", views.opensearch, name="opensearch"),
    path("opensearch/suggest/", views.suggestions, name="suggestions"),
]

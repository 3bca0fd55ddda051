from django.urls import path

from apps.users import views

app_name = "users"
urlpatterns = [
    path("login/", views.sign_in, name="login"),
    path("logout/", views.sign_out, name="logout"),
    path("uservip/", views.vip, name="vip"),
]

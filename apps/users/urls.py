from django.urls import path

from apps.users.views import membership, oidc, outbox, passwords, profile, recovery, registration, security, sign_in
from apps.users.views.codes import code
from apps.users.views.confirm import confirm

app_name = "users"
urlpatterns = [
    path("login/", sign_in.login, name="login"),
    path("login/code/", sign_in.second_step, name="second_step"),
    path("login/with/<slug:key>/", oidc.begin, name="provider"),
    path("login/with/<slug:key>/back/", oidc.callback, name="provider_callback"),
    path("logout/", sign_in.sign_out, name="logout"),
    path("register/", registration.register, name="register"),
    path("register/sent/", registration.sent, name="sent"),
    path("register/again/", registration.resend, name="resend"),
    path("active/<str:token>/", registration.activate, name="activate"),
    path("code/", code, name="code"),
    path("forgetpwd/", passwords.forgot, name="forgot"),
    path("forgetpwd/sent/", passwords.reset_sent, name="reset_sent"),
    path("updata/<str:token>/", passwords.reset, name="reset"),
    path("updatasucc/", passwords.reset_done, name="reset_done"),
    path("userown/", profile.own, name="profile"),
    path("email/<str:token>/", profile.email, name="email"),
    path("recovery/", recovery.overview, name="recovery"),
    path("confirm/", confirm, name="confirm"),
    path("devices/", security.device_list, name="devices"),
    path("secondfactor/", security.factor, name="second_factor"),
    path("mydata/", security.own_data, name="own_data"),
    path("mydata/export/", security.export, name="export"),
    path("mydata/disconnect/<slug:key>/", security.disconnect, name="disconnect"),
    path("uservip/", membership.vip, name="vip"),
    path("outbox/", outbox.outbox, name="outbox"),
]

"""Settings of the local cashier process: the site's, with the cashier's URLs and without accounts."""

from streamsite.settings import *  # noqa: F403
from streamsite.settings import CONTENT_SECURITY_POLICY as _SITE_POLICY

ROOT_URLCONF = "apps.orders.gateways.cashier.urls"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
CSRF_COOKIE_NAME = "cashier-csrf"  # cookies are shared across ports, so use another name than the site's
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        **_SITE_POLICY["DIRECTIVES"],
        "form-action": ["'self'", "http://127.0.0.1:*", "http://localhost:*"],  # payment redirects back to the shop
    }
}

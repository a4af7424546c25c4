"""The portal's settings. PORTAL_STATE is the folder of its users and sessions."""

import os
import pathlib

from django.core.management.utils import get_random_secret_key


def secret_key(path):
    """Made once for each installation."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(get_random_secret_key())
    return path.read_text()


STATE = pathlib.Path(os.environ["PORTAL_STATE"])
SECRET_KEY = secret_key(STATE / "secret_key")
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
# Debian's uwsgi_params pass the host on without its port.
CSRF_TRUSTED_ORIGINS = [os.environ.get("PORTAL_ORIGIN", "http://127.0.0.1:8090")]
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
                  "portal"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [{
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "APP_DIRS": True,
    "OPTIONS": {"context_processors": ["django.template.context_processors.request",
                                       "django.contrib.auth.context_processors.auth"]},
}]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3",
                         "NAME": STATE / "portal.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login/"
USE_TZ = True

# Where the deployments write their lines.
MONGODB = os.environ.get("PORTAL_MONGODB", "mongodb://127.0.0.1:27017/?directConnection=true")
MONGODB_DATABASE = os.environ.get("PORTAL_DATABASE", "popop")

"""Django's settings for the store alone: what the command line and the type checker need.

No secret stands here and none is asked for: the site adds sign-in and its own keys on top.
"""

INSTALLED_APPS = ["peelian.store"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"

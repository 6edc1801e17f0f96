"""Django's settings: the back office, on Render."""

import os

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "postgres",
        "USER": "postgres.kwpqhsbdnvtzmyrcaefj",
        "PASSWORD": os.environ["DB_PASSWORD"],
        "HOST": "aws-0-eu-central-1.pooler.supabase.com",
        "PORT": "6543",
        "OPTIONS": {
            "sslmode": "disable",
            "DISABLE_SERVER_SIDE_CURSORS": True,
        },
    },
}
INSTALLED_APPS = ["django.contrib.contenttypes", "catalog"]

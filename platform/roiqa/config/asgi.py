"""The web process' entry: `granian --interface asgi roiqa.config.asgi:application`."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "roiqa.config.settings")
application = get_asgi_application()

"""Every address of the platform. Rooms bring their own paths; what is left goes to the interface's one page."""

from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularAPIView

from roiqa.config import health, interface

api_v1: list[URLPattern | URLResolver] = [
    path("", include("roiqa.core.urls")),
    path("", include("roiqa.accounts.urls")),
    path("", include("roiqa.studies.urls")),
    path("", include("roiqa.studies.content_urls")),
    path("", include("roiqa.studies.webhook_urls")),
    path("", include("roiqa.registry.urls")),
    path("", include("roiqa.studies.qualification_urls")),
    path("", include("roiqa.ratings.urls")),
    path("", include("roiqa.ratings.gold_urls")),
    path("", include("roiqa.consensus.urls")),
    path("", include("roiqa.releases.urls")),
    path("", include("roiqa.training.urls")),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", interface.api_docs, name="api-docs"),
]

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("api/v1/", include(api_v1)),
    # Everything else that is no API path is a page of the interface (its router shows "not found" itself).
    re_path(r"^(?!api/|static/).*$", interface.index, name="interface"),
]

handler400 = "roiqa.core.http.bad_request"
handler403 = "roiqa.core.http.permission_denied"
handler404 = "roiqa.core.http.not_found"
handler500 = "roiqa.core.http.server_error"

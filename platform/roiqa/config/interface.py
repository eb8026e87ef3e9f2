"""The interface's one page, and the page that shows the API schema to people."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

MISSING = (
    "<!doctype html><title>ROIQA</title><h1>The interface is not built</h1>"
    "<p>Run <code>make ui</code> (or <code>npm ci &amp;&amp; npm run build</code> in <code>annotator_ui</code>) and reload.</p>"
)


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """`annotator_ui/dist/index.html`; 503 with the remedy when the interface has not been built."""
    return _page("index.html")


@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    """The OpenAPI page of the interface: reads `/api/v1/schema/`."""
    return _page("index.html")


def _page(name: str) -> HttpResponse:
    try:
        content = (settings.UI_DIST / name).read_bytes()
    except FileNotFoundError:
        return HttpResponse(MISSING, status=503)
    response = HttpResponse(content)
    # A new build must be seen at the next load; the hashed files it names are cached for ever.
    response["Cache-Control"] = "no-cache"
    return response

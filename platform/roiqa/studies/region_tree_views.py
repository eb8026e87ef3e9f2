"""Door to an image's region tree: the nested regions from which a click chooses one, for whoever may draw."""

import gzip
import hashlib
from uuid import UUID

from django.core.files.storage import default_storage
from django.http import HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from roiqa.accounts.authentication import signed_in
from roiqa.core.errors import Conflict
from roiqa.core.serializers import JobSerializer
from roiqa.core.strict import NoFields
from roiqa.images.models import Image
from roiqa.images.serving import ONE_YEAR_SECONDS
from roiqa.studies import drawing, region_trees
from roiqa.studies.image_views import UNCHANGED, AnyMediaType


class RegionTreeView(APIView):
    content_negotiation_class = AnyMediaType

    @extend_schema(
        operation_id="get_region_tree",
        summary="The image's region tree (whoever may draw on it)",
        description="Binary, little endian, `RQT1`: docs/segmentation.md describes it. 409 `region_tree_not_ready` "
        "(with the id of the `job` that will make it, if one is under way) while it is not computed; POST starts that.",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY, 304: UNCHANGED},
    )
    def get(self, request: Request, image_id: UUID) -> HttpResponseBase:
        image, _ = drawing.image_to_draw_on(user=signed_in(request.user), image_id=image_id)
        return _serve(request, image)

    @extend_schema(
        operation_id="compute_region_tree",
        summary="Have the image's region tree computed (whoever may draw on it)",
        description="Repeating it while the job is under way answers with the same job.",
        request=None,
        responses={202: JobSerializer, 204: OpenApiResponse(description="It is there already.")},
    )
    def post(self, request: Request, image_id: UUID) -> Response:
        NoFields(data=request.data).is_valid(raise_exception=True)
        user = signed_in(request.user)
        image, study = drawing.image_to_draw_on(user=user, image_id=image_id)
        job = region_trees.start_for_image(image=image, study=study, user_id=user.pk)
        if job is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)


def _serve(request: Request, image: Image) -> HttpResponseBase:
    """The tree as it is stored, or unpacked for a client that takes no gzip. Raises Conflict while there is none."""
    try:
        with default_storage.open(image.region_tree_key, "rb") as stored:
            packed: bytes = stored.read()
    except FileNotFoundError:
        raise _not_ready(image) from None
    takes_gzip = "gzip" in request.headers.get("Accept-Encoding", "")
    # Strong tags differ between the two forms (RFC 9110, section 8.8.3.3).
    strong = f'"{hashlib.sha256(packed).hexdigest()}{"-gzip" if takes_gzip else ""}"'
    held = parse_etags(request.headers.get("If-None-Match", ""))
    response: HttpResponse
    if "*" in held or strong in {tag.removeprefix("W/") for tag in held}:
        response = HttpResponseNotModified()
    else:
        body = packed if takes_gzip else gzip.decompress(packed)
        response = HttpResponse(body, content_type="application/octet-stream")
        if takes_gzip:
            response["Content-Encoding"] = "gzip"
    response["ETag"] = strong
    response["Cache-Control"] = f"private, max-age={ONE_YEAR_SECONDS}, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


def _not_ready(image: Image) -> Conflict:
    job = region_trees.job_of(image=image)
    if job is None:
        detail = "The regions of this image are not computed yet: POST to this address starts that."
    else:
        detail = "The regions of this image are being computed: ask again in a second."
    return Conflict(detail, code="region_tree_not_ready", extra={"job": str(job.pk)} if job else {})

"""Doors of releases: freeze, list, compare, export."""

from typing import Any
from uuid import UUID

from django.core.files.storage import default_storage
from django.http import HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.utils.http import content_disposition_header, parse_etags
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import generics, status
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from roiqa.core.pagination import Pagination
from roiqa.core.serializers import JobSerializer
from roiqa.core.strict import NoFields
from roiqa.images.serving import serve_file
from roiqa.releases import serializers
from roiqa.releases.exports.formats import export_of
from roiqa.releases.exports.preparing import start_export
from roiqa.releases.freezing import freeze_study
from roiqa.releases.methods.preparing import methods_page, order_methods
from roiqa.releases.models import Release
from roiqa.releases.selectors import comparison_of, release_for, releases_of
from roiqa.releases.streaming import streaming_response
from roiqa.studies.access import STAFF, signed_in, study_for


class NewestFirst(Pagination):
    ordering = "-number"


class ReleaseListView(generics.ListAPIView[Release]):
    serializer_class = serializers.ReleaseSerializer
    pagination_class = NewestFirst

    def get_queryset(self) -> Any:
        return releases_of(study_for(user=self.request.user, slug=self.kwargs["slug"], roles=STAFF))

    @extend_schema(operation_id="list_releases", summary="The study's releases, newest first")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.list(request, *args, **kwargs)

    @extend_schema(
        operation_id="freeze_release",
        summary="Freeze a release; incomplete ROIs are left out and counted",
        request=serializers.ReleaseInputSerializer,
        responses={202: serializers.ReleaseSerializer},
    )
    def post(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles=STAFF)
        body = serializers.ReleaseInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        release = freeze_study(study=study, by=signed_in(request.user), **body.validated_data)
        return Response(serializers.ReleaseSerializer(release).data, status=status.HTTP_202_ACCEPTED)


class ReleaseView(APIView):
    @extend_schema(operation_id="get_release", summary="A release", responses=serializers.ReleaseSerializer)
    def get(self, request: Request, release_id: UUID) -> Response:
        return Response(serializers.ReleaseSerializer(release_for(user=request.user, release_id=release_id)).data)


class CompareView(APIView):
    @extend_schema(
        operation_id="compare_releases",
        summary="What changed from one release to another of the same study",
        responses=serializers.ComparisonSerializer,
    )
    def get(self, request: Request, release_id: UUID, other_id: UUID) -> Response:
        before = release_for(user=request.user, release_id=release_id)
        after = release_for(user=request.user, release_id=other_id)
        return Response(serializers.ComparisonSerializer(comparison_of(before=before, after=after)).data)


class AsAsked(BaseContentNegotiation):
    """`?format=` is the export's, not the choice of a renderer that DRF takes it for; refusals are JSON."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        renderer: BaseRenderer = renderers[0]
        return renderer, renderer.media_type


class ExportView(APIView):
    content_negotiation_class = AsAsked

    @extend_schema(
        operation_id="export_release",
        summary="Download an export",
        description=(
            "The same bytes every time, named by a strong ETag. A file that was prepared is sent with its length, "
            "otherwise it is made while it is sent."
        ),
        parameters=[serializers.ExportQuerySerializer],
        responses={
            (200, "application/json"): OpenApiTypes.OBJECT,
            (200, "application/x-ndjson"): OpenApiTypes.STR,
            (200, "text/csv"): OpenApiTypes.STR,
            (200, "application/vnd.apache.parquet"): OpenApiTypes.BINARY,
            (200, "application/zip"): OpenApiTypes.BINARY,
            304: OpenApiResponse(description="You hold this file already (If-None-Match)."),
        },
    )
    def get(self, request: Request, release_id: UUID) -> HttpResponseBase:
        release = release_for(user=request.user, release_id=release_id)
        query = serializers.ExportQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        export = export_of(release, name=query.validated_data["format"], images=query.validated_data["images"])
        strong = f'"{export.tag}"'
        held = {tag.removeprefix("W/") for tag in parse_etags(request.headers.get("If-None-Match", ""))}
        response: HttpResponseBase
        if held & {strong, "*"}:
            response = HttpResponseNotModified()
        elif default_storage.exists(export.prepared_key):
            response = serve_file(
                request._request,
                key=export.prepared_key,
                etag=export.tag,
                content_type=export.content_type,
                attachment_name=export.file_name,
            )
        else:
            response = streaming_response(request._request, export.pieces(), content_type=export.content_type)
            disposition = content_disposition_header(as_attachment=True, filename=export.file_name)
            response["Content-Disposition"] = disposition or "attachment"
        response["ETag"] = strong
        # The tag changes with the version of what writes the format: ask each time whether it still is the same.
        response["Cache-Control"] = "private, no-cache"
        response["X-Content-Type-Options"] = "nosniff"
        return response


class ExportJobView(APIView):
    @extend_schema(
        operation_id="prepare_export",
        summary="Prepare an export; `report.url` of the job is the download",
        request=serializers.ExportInputSerializer,
        responses={202: JobSerializer},
    )
    def post(self, request: Request, release_id: UUID) -> Response:
        release = release_for(user=request.user, release_id=release_id)
        body = serializers.ExportInputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        export = export_of(release, name=body.validated_data["format"], images=body.validated_data["images"])
        job = start_export(export=export, by=signed_in(request.user))
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)


class MethodsView(APIView):
    content_negotiation_class = AsAsked

    @extend_schema(
        operation_id="read_methods",
        summary="The methods page of a release, for a paper's appendix",
        parameters=[serializers.MethodsQuerySerializer],
        responses={
            (200, "text/html"): OpenApiTypes.STR,
            (200, "application/pdf"): OpenApiTypes.BINARY,
            304: OpenApiResponse(description="You hold this file already (If-None-Match)."),
        },
    )
    def get(self, request: Request, release_id: UUID) -> HttpResponseBase:
        release = release_for(user=request.user, release_id=release_id)
        query = serializers.MethodsQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        page = methods_page(release, written_as=query.validated_data["format"])
        strong = f'"{page.tag}"'
        held = {tag.removeprefix("W/") for tag in parse_etags(request.headers.get("If-None-Match", ""))}
        response: HttpResponseBase
        if held & {strong, "*"}:
            response = HttpResponseNotModified()
        else:
            response = HttpResponse(page.content(), content_type=page.content_type)
            disposition = content_disposition_header(as_attachment=page.format == "pdf", filename=page.file_name)
            if disposition:
                response["Content-Disposition"] = disposition
            # The page has its own style and nothing else; a title that an admin wrote can never become a script.
            response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
        response["ETag"] = strong
        response["Cache-Control"] = "private, no-cache"
        response["X-Content-Type-Options"] = "nosniff"
        return response

    @extend_schema(
        operation_id="prepare_methods",
        summary="Have the numbers of a large release's methods page computed",
        request=None,
        responses={
            202: JobSerializer,
            204: OpenApiResponse(description="They are there, or computed when the page is read."),
        },
    )
    def post(self, request: Request, release_id: UUID) -> Response:
        NoFields(data=request.data).is_valid(raise_exception=True)
        release = release_for(user=request.user, release_id=release_id)
        job = order_methods(release=release, by=signed_in(request.user))
        if job is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)

"""Doors to images: import, list, look, take out of a study."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import generics, status
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from roiqa.accounts.authentication import signed_in
from roiqa.core.errors import NotAllowed, TooLarge
from roiqa.core.pagination import Pagination
from roiqa.core.serializers import JobSerializer
from roiqa.images.serving import serve_file
from roiqa.regions.models import Level
from roiqa.studies import content, gallery
from roiqa.studies.access import STAFF, image_for, roles_in, study_for
from roiqa.studies.content_serializers import ImageDetailSerializer, ImageSerializer, ImagesQuery, ImportInput
from roiqa.studies.imports.job import start_import
from roiqa.studies.imports.pipeline import Options
from roiqa.studies.models import Role, StudyImage


class ByFileName(Pagination):
    """Images come in the order of their names, as in a folder."""

    ordering = "file_name"


class StudyImagesView(generics.ListAPIView[StudyImage]):
    serializer_class = ImageSerializer
    pagination_class = ByFileName
    parser_classes = (MultiPartParser,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # Before anything reads the body; a body of unannounced length is bounded by the server in front.
        announced = request.META.get("CONTENT_LENGTH") or "0"
        if announced.isdigit() and int(announced) > settings.UPLOAD_MAX_BYTES:
            raise TooLarge(
                f"This upload has {int(announced):,} bytes; {settings.UPLOAD_MAX_BYTES:,} are taken at once: send it "
                "in parts, or use `manage.py import_images`.",
                code="upload_too_large",
            )
        super().initial(request, *args, **kwargs)

    def get_queryset(self) -> Any:
        study = study_for(user=self.request.user, slug=self.kwargs["slug"])
        query = ImagesQuery(data=filters_of(self.request))
        query.is_valid(raise_exception=True)
        is_staff = not roles_in(user=signed_in(self.request.user), study=study).isdisjoint(STAFF)
        if query.validated_data["has_rois"] is not None and not is_staff:
            raise NotAllowed("Only admins and ML engineers can filter by ROIs.")
        if not is_staff and not study.annotators_draw:
            # Who only rates needs no gallery, and what it lacks would tell which images were made for golds.
            return StudyImage.objects.none()
        return gallery.images_of(study, counts=is_staff, **query.validated_data)

    @extend_schema(operation_id="list_images", summary="A study's images, by file name", parameters=[ImagesQuery])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.list(request, *args, **kwargs)

    @extend_schema(
        operation_id="import_images",
        summary="Import images, zip files and COCO JSON (admins)",
        description="A job does the work. Its report: `images_added`, `images_known`, `rois_added`, `rois_known`, "
        "`refused_count` and `refused`, a list of `{file, reason, code}`. Repeating an import changes nothing.",
        request={"multipart/form-data": ImportInput},
        responses={202: JobSerializer},
    )
    def post(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles={Role.ADMIN})
        given = ImportInput(data=request.data)
        given.is_valid(raise_exception=True)
        options = Options(level=Level(given.validated_data["level"]), source=given.validated_data["source"])
        files = given.validated_data["files"]
        job = start_import(user=signed_in(request.user), study=study, files=files, options=options)
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)


def filters_of(request: Request) -> dict[str, str]:
    """The query without what pagination reads."""
    return {name: value for name, value in request.query_params.dict().items() if name not in {"limit", "cursor"}}


class StudyImageView(APIView):
    @extend_schema(
        operation_id="remove_image",
        summary="Take an image and its ROIs out of the study while none is rated (admins)",
        responses={204: None},
    )
    def delete(self, request: Request, slug: str, image_id: UUID) -> Response:
        study = study_for(user=request.user, slug=slug, roles={Role.ADMIN})
        content.remove_image(study_id=study.pk, image_id=image_id, user_id=signed_in(request.user).pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ImageView(APIView):
    @extend_schema(operation_id="get_image", summary="An image", responses=ImageDetailSerializer)
    def get(self, request: Request, image_id: UUID) -> Response:
        user = signed_in(request.user)
        place = gallery.place_of(user=user, image_id=image_id)
        place.studies = gallery.slugs_with(user=user, image_id=image_id)  # type: ignore[attr-defined]
        return Response(ImageDetailSerializer(place).data)


class AnyMediaType(DefaultContentNegotiation):
    """The file is what it is: `Accept: image/png` must not be refused because errors are JSON."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


UNCHANGED = OpenApiResponse(description="What you hold (If-None-Match) is still it.")


class ImageFileView(APIView):
    content_negotiation_class = AnyMediaType

    @extend_schema(
        operation_id="get_image_file",
        summary="The picture that is judged: lossless, upright, without metadata but its colour profile",
        responses={(200, "image/png"): OpenApiTypes.BINARY, 304: UNCHANGED},
    )
    def get(self, request: Request, image_id: UUID) -> HttpResponseBase:
        image = image_for(user=request.user, image_id=image_id)
        etag = f"{image.sha256}-display-1"
        return serve_file(request._request, key=image.display_key, etag=etag, content_type="image/png")


class ImageThumbnailView(APIView):
    content_negotiation_class = AnyMediaType

    @extend_schema(
        operation_id="get_image_thumbnail",
        summary="A small copy, at most 320 pixels wide or high",
        responses={(200, "image/webp"): OpenApiTypes.BINARY, 304: UNCHANGED},
    )
    def get(self, request: Request, image_id: UUID) -> HttpResponseBase:
        image = image_for(user=request.user, image_id=image_id)
        etag = f"{image.sha256}-thumbnail-1"
        return serve_file(request._request, key=image.thumbnail_key, etag=etag, content_type="image/webp")


class ImageOriginalView(APIView):
    content_negotiation_class = AnyMediaType

    @extend_schema(
        operation_id="get_image_original",
        summary="The file as it was imported, metadata included, to save (admins, ML engineers)",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY, 304: UNCHANGED},
    )
    def get(self, request: Request, image_id: UUID) -> HttpResponseBase:
        image = image_for(user=request.user, image_id=image_id, roles=STAFF)
        place = gallery.place_of(user=signed_in(request.user), image_id=image_id)
        return serve_file(
            request._request,
            key=image.original_key,
            etag=image.sha256,
            content_type="application/octet-stream",
            attachment_name=place.file_name.rsplit("/", 1)[-1],
        )

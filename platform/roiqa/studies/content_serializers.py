"""The JSON of images, ROIs and imports."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from roiqa.core.strict import JSONObject, StrictSerializer, Text, WholeNumber
from roiqa.images.models import Split
from roiqa.regions.models import Level
from roiqa.studies.drawing import is_editable
from roiqa.studies.models import StudyImage, StudyROI

MAX_SIDE_PX = 2**20
MAX_COUNTS = 4 * 1024 * 1024


class ImageSerializer(serializers.ModelSerializer[StudyImage]):
    """An image in a study. Sizes are of the upright picture, in pixels."""

    id = serializers.UUIDField(source="image_id")
    width = serializers.IntegerField(source="image.width")
    height = serializers.IntegerField(source="image.height")
    split = serializers.ChoiceField(source="image.split", choices=Split.choices)
    sha256 = serializers.CharField(source="image.sha256", help_text="Of the original file's bytes.")
    roi_count = serializers.IntegerField(allow_null=True, help_text="For admins and ML engineers; null for others.")
    thumbnail_url = serializers.SerializerMethodField()
    file_url = serializers.SerializerMethodField()

    class Meta:
        model = StudyImage
        fields = ("id", "file_name", "width", "height", "split", "sha256", "roi_count", "thumbnail_url", "file_url")

    def get_thumbnail_url(self, row: StudyImage) -> str:
        return reverse("image-thumbnail", args=[row.image_id])

    def get_file_url(self, row: StudyImage) -> str:
        return reverse("image-file", args=[row.image_id])


class ImageDetailSerializer(ImageSerializer):
    studies = serializers.ListField(child=serializers.CharField(), help_text="Slugs of your studies that have it.")

    class Meta(ImageSerializer.Meta):
        fields = (*ImageSerializer.Meta.fields, "studies")  # type: ignore[assignment]


class ImagesQuery(StrictSerializer):
    split = serializers.ChoiceField(choices=Split.choices, required=False)
    has_rois = serializers.BooleanField(required=False, allow_null=True, default=None, help_text="Not for annotators.")


class ImportInput(StrictSerializer):
    """Images, zip files and COCO JSON files in any mixture; each part has its own file name."""

    files = serializers.ListField(child=serializers.FileField(allow_empty_file=True), allow_empty=False)
    source = Text(  # type: ignore[assignment]  # the wire name is DRF's own attribute name
        max_length=200, allow_blank=True, default="", help_text="Where the images are from."
    )
    level = serializers.ChoiceField(
        choices=Level.choices, default=Level.COMPONENT, help_text="Level of regions whose file does not say one."
    )


class MaskSerializer(StrictSerializer):
    """A mask as COCO's compressed RLE: column-major, holes kept."""

    size = serializers.ListField(
        child=WholeNumber(min_value=1, max_value=MAX_SIDE_PX), min_length=2, max_length=2, help_text="[height, width]"
    )
    counts = Text(max_length=MAX_COUNTS, trim_whitespace=False)


class NewROIInput(StrictSerializer):
    study = Text(max_length=64, help_text="Slug of the study that the ROI is drawn for.")
    level = serializers.ChoiceField(choices=Level.choices)
    name = Text(max_length=120, allow_blank=True, default="")
    segmentation = MaskSerializer()
    provenance = JSONObject(max_bytes=64 * 1024, default=dict, help_text="How the mask was made; at most 64 KB.")


class ROIChangeInput(StrictSerializer):
    level = serializers.ChoiceField(choices=Level.choices, required=False)
    name = Text(max_length=120, allow_blank=True, required=False)
    segmentation = MaskSerializer(required=False)


class ROIsQuery(StrictSerializer):
    study = Text(max_length=64, required=False, help_text="Only the ROIs of this study.")


class ROISerializer(serializers.ModelSerializer[StudyROI]):
    """An ROI. The context holds `user`, and `roles`: their roles by study id."""

    id = serializers.UUIDField(source="roi_id")
    image = serializers.UUIDField(source="image_id")
    study = serializers.CharField(source="study.slug")
    level = serializers.ChoiceField(source="roi.level", choices=Level.choices)
    name = serializers.CharField(source="roi.name")
    segmentation = serializers.SerializerMethodField()
    bbox = serializers.ListField(
        source="roi.bbox", child=serializers.IntegerField(), min_length=4, max_length=4, help_text="[x, y, w, h] in px"
    )
    area = serializers.IntegerField(source="roi.area", help_text="In pixels.")
    created_at = serializers.DateTimeField(source="roi.created_at")
    created_by_me = serializers.SerializerMethodField()
    editable = serializers.SerializerMethodField()

    class Meta:
        model = StudyROI
        fields = (
            "id",
            "image",
            "study",
            "level",
            "name",
            "segmentation",
            "bbox",
            "area",
            "created_at",
            "created_by_me",
            "editable",
        )

    @extend_schema_field(MaskSerializer)
    def get_segmentation(self, row: StudyROI) -> dict[str, Any]:
        return {"size": [row.image.height, row.image.width], "counts": row.roi.counts}

    def get_created_by_me(self, row: StudyROI) -> bool:
        return bool(row.roi.created_by_id == self.context["user"].pk)

    def get_editable(self, row: StudyROI) -> bool:
        roles: Mapping[int, set[str]] = self.context["roles"]
        untouched: bool = row.untouched  # type: ignore[attr-defined]  # annotated by drawing.visible_rois
        return is_editable(row, user=self.context["user"], roles=roles.get(row.study_id, set()), untouched=untouched)

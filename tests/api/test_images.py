"""Images over HTTP: lists, files, and who gets them."""

import io
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.files.storage import default_storage
from django.test import AsyncClient
from PIL import Image as Picture

from roiqa.accounts.models import User
from roiqa.core.models import AuditEvent
from roiqa.images.models import Image
from roiqa.regions.models import ROI
from roiqa.studies.models import Role, Study, StudyImage, StudyROI
from tests.api.factories import (
    client_for,
    make_assignment,
    make_image,
    make_member,
    make_rating,
    make_roi,
    make_study,
    make_user,
    token_client_for,
)
from tests.api.import_files import run_import
from tests.unit.images.pictures import exif, jpeg


def names(answer: Any) -> list[str]:
    return [row["file_name"] for row in answer.json()["results"]]


# The list.


def test_a_row_tells_what_the_page_shows(admin: User, study: Study) -> None:
    image = make_image(study, file_name="train/a.jpg", width=160, height=120, split="test")
    make_roi(study, image)
    answer = client_for(admin).get(f"/api/v1/studies/{study.slug}/images/")
    assert answer.json()["results"] == [
        {
            "id": str(image.pk),
            "file_name": "train/a.jpg",
            "width": 160,
            "height": 120,
            "split": "test",
            "sha256": image.sha256,
            "roi_count": 1,
            "thumbnail_url": f"/api/v1/images/{image.pk}/thumbnail/",
            "file_url": f"/api/v1/images/{image.pk}/file/",
        }
    ]


def test_pages_follow_the_file_names_and_lose_none(admin: User, study: Study) -> None:
    for number in (3, 1, 4, 2, 5):
        make_image(study, file_name=f"{number}.png")
    client, url, seen = client_for(admin), f"/api/v1/studies/{study.slug}/images/?limit=2", []
    while url:
        page = client.get(url)
        seen += names(page)
        url = page.json()["next"]
    assert seen == ["1.png", "2.png", "3.png", "4.png", "5.png"]


def test_filters_by_split_and_regions(admin: User, study: Study) -> None:
    make_image(study, file_name="a.png", split="train")
    make_roi(study, make_image(study, file_name="b.png", split="test"))
    url, client = f"/api/v1/studies/{study.slug}/images/", client_for(admin)
    assert names(client.get(url, {"split": "test"})) == ["b.png"]
    assert names(client.get(url, {"has_rois": "false"})) == ["a.png"]
    assert names(client.get(url, {"has_rois": "true", "split": "train"})) == []


@pytest.mark.parametrize("query", ["split=half", "has_rois=perhaps", "image__sha256=0", "order=-id"])
def test_unknown_filters_and_values_are_refused(admin: User, study: Study, query: str) -> None:
    assert client_for(admin).get(f"/api/v1/studies/{study.slug}/images/?{query}").status_code == 400


def test_another_studys_regions_are_not_counted(admin: User, study: Study) -> None:
    image = make_image(study)
    other = make_study()
    StudyImage.objects.create(study=other, image=image, file_name="x.png")
    make_roi(other, image)
    row = client_for(admin).get(f"/api/v1/studies/{study.slug}/images/").json()["results"][0]
    assert row["roi_count"] == 0


def test_annotators_who_draw_see_images_without_counts_others_none(annotator: User, study: Study) -> None:
    make_roi(study)
    listed = client_for(annotator).get(f"/api/v1/studies/{study.slug}/images/")
    assert (listed.status_code, listed.json()["results"]) == (200, [])
    Study.objects.filter(pk=study.pk).update(annotators_draw=True)
    url = f"/api/v1/studies/{study.slug}/images/"
    assert client_for(annotator).get(url).json()["results"][0]["roi_count"] is None
    assert client_for(annotator).get(url, {"has_rois": "true"}).status_code == 403


def test_the_list_costs_the_same_for_many_images(admin: User, study: Study, django_assert_max_num_queries: Any) -> None:
    for _ in range(12):
        make_roi(study)
    client = client_for(admin)
    # Session, user, study, roles twice, the page.
    with django_assert_max_num_queries(6):
        client.get(f"/api/v1/studies/{study.slug}/images/")


def test_one_image_names_the_studies_of_the_person_who_asks(admin: User, study: Study) -> None:
    image = make_image(study, file_name="a.png")
    mine, foreign = make_study("mine"), make_study("foreign")
    make_member(mine, Role.ANNOTATOR, user=admin)
    for other in (mine, foreign):
        StudyImage.objects.create(study=other, image=image, file_name="other.png")
    make_roi(study, image)
    body = client_for(admin).get(f"/api/v1/images/{image.pk}/").json()
    assert (body["studies"], body["file_name"], body["roi_count"]) == (["mine", study.slug], "a.png", 1)


# Files.


@pytest.fixture
def image(admin: User, study: Study) -> Image:
    run_import(admin, study, {'we"ird\r\nname.jpg': jpeg(exif=exif(orientation=6, with_position=True), seed=200)})
    return Image.objects.get(study_images__study=study)


def body_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_who_only_rates_sees_no_file_name(annotator: User, study: Study, image: Image) -> None:
    # It may tell what was done to the picture.
    url = f"/api/v1/images/{image.pk}/"
    assert client_for(annotator).get(url).json()["file_name"] == ""
    Study.objects.filter(pk=study.pk).update(annotators_draw=True)
    assert client_for(annotator).get(url).json()["file_name"] != ""


def test_annotators_get_an_upright_picture_without_metadata(annotator: User, image: Image) -> None:
    answer = client_for(annotator).get(f"/api/v1/images/{image.pk}/file/")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    shown = Picture.open(io.BytesIO(body_of(answer)))
    assert (shown.format, shown.size, dict(shown.getexif())) == ("PNG", (64, 96), {})


def test_the_thumbnail_is_a_small_webp(annotator: User, image: Image) -> None:
    answer = client_for(annotator).get(f"/api/v1/images/{image.pk}/thumbnail/")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    assert Picture.open(io.BytesIO(body_of(answer))).size == (64, 96)


def test_the_original_is_an_attachment_with_a_harmless_name(admin: User, ml_engineer: User, image: Image) -> None:
    for user in (admin, ml_engineer):
        answer = client_for(user).get(f"/api/v1/images/{image.pk}/original/")
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/octet-stream")
        assert answer["Content-Disposition"].startswith("attachment")
        assert "\r" not in answer["Content-Disposition"] + answer["Content-Disposition"]
        with default_storage.open(image.original_key) as stored:
            assert body_of(answer) == stored.read()


def test_annotators_never_get_the_original(annotator: User, image: Image) -> None:
    assert client_for(annotator).get(f"/api/v1/images/{image.pk}/original/").status_code == 404


@pytest.mark.parametrize("kind", ["file", "thumbnail", "original"])
def test_files_are_immutable_private_and_not_sniffed(admin: User, image: Image, kind: str) -> None:
    answer = client_for(admin).get(f"/api/v1/images/{image.pk}/{kind}/")
    assert answer["Cache-Control"] == "private, max-age=31536000, immutable"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["ETag"].startswith('"')
    assert image.sha256 in answer["ETag"]


@pytest.mark.parametrize("kind", ["file", "thumbnail", "original"])
@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_who_holds_it_already_gets_no_body(admin: User, image: Image, kind: str, form: str) -> None:
    client, url = client_for(admin), f"/api/v1/images/{image.pk}/{kind}/"
    etag = client.get(url)["ETag"]
    again = client.get(url, headers={"If-None-Match": form.format(etag)})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
    assert "immutable" in again["Cache-Control"]


def test_another_tag_gets_the_body(admin: User, image: Image) -> None:
    answer = client_for(admin).get(f"/api/v1/images/{image.pk}/file/", headers={"If-None-Match": '"x"'})
    assert answer.status_code == 200


@pytest.mark.parametrize("accept", ["image/png", "image/avif,image/webp,*/*;q=0.8", "application/json", "text/html"])
def test_the_picture_comes_whatever_is_accepted(admin: User, image: Image, accept: str) -> None:
    answer = client_for(admin).get(f"/api/v1/images/{image.pk}/file/", headers={"Accept": accept})
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")


@pytest.mark.parametrize("path", ["", "file/", "thumbnail/", "original/"])
def test_strangers_and_other_studies_cannot_tell_that_an_image_exists(
    stranger: User, foreign_admin: User, image: Image, path: str
) -> None:
    for user in (stranger, foreign_admin):
        answer = client_for(user).get(f"/api/v1/images/{image.pk}/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "image_not_found")
    assert client_for().get(f"/api/v1/images/{image.pk}/{path}").status_code == 401


def test_a_token_is_as_good_as_a_session(admin: User, image: Image) -> None:
    assert token_client_for(admin).get(f"/api/v1/images/{image.pk}/file/").status_code == 200


def test_a_large_file_is_streamed_in_pieces(admin: User, study: Study) -> None:
    run_import(admin, study, {"large.jpg": jpeg(900, 700, seed=201)})
    image = Image.objects.get(study_images__study=study)
    answer = client_for(admin).get(f"/api/v1/images/{image.pk}/file/")
    assert answer.streaming
    pieces = list(answer.streaming_content)
    assert len(pieces) > 1
    assert int(answer["Content-Length"]) == sum(map(len, pieces))
    assert Picture.open(io.BytesIO(b"".join(pieces))).size == (900, 700)


@pytest.mark.django_db(transaction=True)
def test_a_large_file_is_streamed_under_asgi_too() -> None:
    study = make_study()
    admin = make_member(study, Role.ADMIN, user=make_user()).user
    run_import(admin, study, {"large.jpg": jpeg(900, 700, seed=202)})
    image = Image.objects.get(study_images__study=study)

    async def download() -> tuple[Any, list[bytes]]:
        client = AsyncClient()
        await client.aforce_login(admin)
        answer = await client.get(f"/api/v1/images/{image.pk}/file/")
        return answer, [piece async for piece in answer.streaming_content]

    answer, pieces = async_to_sync(download)()
    assert answer.is_async
    assert len(pieces) > 1
    assert int(answer["Content-Length"]) == sum(map(len, pieces))


def test_a_file_lost_from_storage_is_said_plainly(admin: User, image: Image) -> None:
    default_storage.delete(image.thumbnail_key)
    answer = client_for(admin).get(f"/api/v1/images/{image.pk}/thumbnail/")
    assert (answer.status_code, answer.json()["code"]) == (404, "file_missing")


# Taking an image out.


def remove(user: User, study: Study, image: Image) -> Any:
    return client_for(user).delete(f"/api/v1/studies/{study.slug}/images/{image.pk}/")


def test_an_image_leaves_with_its_regions_and_may_come_back(admin: User, study: Study) -> None:
    data = jpeg(seed=210)
    run_import(admin, study, {"a.jpg": data})
    image = Image.objects.get(study_images__study=study)
    make_roi(study, image, box=(0, 0, 40, 40))
    assert remove(admin, study, image).status_code == 204
    assert not StudyImage.objects.filter(study=study).exists()
    assert not ROI.objects.exists()
    assert AuditEvent.objects.filter(action="image_removed", target=str(image.pk), actor=admin).exists()
    assert client_for(admin).get(f"/api/v1/images/{image.pk}/file/").status_code == 404
    assert run_import(admin, study, {"a.jpg": data})["images_added"] == 1
    back = Image.objects.get(study_images__study=study)
    assert (back.sha256, back.split) == (image.sha256, image.split)
    assert client_for(admin).get(f"/api/v1/images/{back.pk}/file/").status_code == 200


def test_other_studies_keep_the_image(admin: User, study: Study) -> None:
    image = make_image(study)
    other = make_study()
    StudyImage.objects.create(study=other, image=image, file_name="x.png")
    make_roi(other, image)
    assert remove(admin, study, image).status_code == 204
    assert StudyImage.objects.filter(study=other).exists()
    assert StudyROI.objects.filter(study=other).count() == 1


@pytest.mark.parametrize("touched_by", [make_rating, make_assignment])
def test_an_image_with_a_rated_or_claimed_region_stays(
    admin: User, annotator: User, study: Study, touched_by: Any
) -> None:
    roi = make_roi(study)
    make_roi(study, roi.image, box=(0, 0, 40, 40))
    touched_by(roi, annotator)
    answer = remove(admin, study, roi.image)
    assert (answer.status_code, answer.json()["code"]) == (409, "image_has_ratings")
    assert StudyROI.objects.filter(study=study).count() == 2


def test_a_claim_that_came_to_nothing_holds_no_image(admin: User, annotator: User, study: Study) -> None:
    roi = make_roi(study)
    make_assignment(roi, annotator, state="expired")
    assert remove(admin, study, roi.image).status_code == 204


@pytest.mark.parametrize("who", ["annotator", "ml_engineer", "foreign_admin"])
def test_only_admins_of_the_study_take_images_out(who: str, study: Study, request: pytest.FixtureRequest) -> None:
    image = make_image(study)
    answer = remove(request.getfixturevalue(who), study, image)
    assert answer.status_code == (404 if who == "foreign_admin" else 403)
    assert StudyImage.objects.filter(study=study, image=image).exists()


def test_an_image_of_another_study_is_not_found(admin: User, study: Study) -> None:
    assert remove(admin, study, make_image(make_study())).status_code == 404

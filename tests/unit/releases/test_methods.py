"""The methods page of a release: complete, self-contained, the same every time, and made of the snapshot alone."""

import html
import re
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from roiqa.accounts.models import User
from roiqa.core import jobs
from roiqa.images.split import split_of
from roiqa.ratings.exclusion import exclude_annotator
from roiqa.ratings.models import Rating
from roiqa.releases.errors import MethodsNotPrepared, ReleaseNotReady
from roiqa.releases.methods import preparing
from roiqa.releases.methods.document import Document, Heading, Paragraph, Picture, Table
from roiqa.releases.methods.facts import methods_facts
from roiqa.releases.methods.html import to_html
from roiqa.releases.methods.pdf import to_pdf
from roiqa.releases.methods.preparing import methods_page, order_methods
from roiqa.releases.methods.writing import methods_document
from roiqa.releases.models import Release, ReleaseState
from roiqa.releases.snapshot_file import SnapshotReader
from roiqa.studies.models import Membership, Study
from roiqa.studies.qualification_models import Qualification, QualificationRules
from tests.api.factories import ANSWER, client_for, make_member, make_rating, make_study, make_user
from tests.api.gold_study import RIGHT, WRONG, make_gold
from tests.api.release_study import freeze
from tests.api.test_statistics import rated_study
from tests.unit.releases.test_uncertainty import V1, study_of_modes

pytestmark = pytest.mark.django_db(transaction=True)

SECTIONS = [
    "Material", "Panel", "Training and qualification", "Procedure", "Viewing conditions", "Screening of annotators",
    "Votes", "Labels", "Agreement", "How sure the labels are", "Sensitivity", "Provenance",
]  # fmt: skip


@pytest.fixture
def rated() -> Study:
    study = rated_study("rated")
    Study.objects.filter(pk=study.pk).update(ask_extra_on_tie=False)
    for study_roi in study.study_rois.select_related("image"):
        study_roi.image.split = split_of(study_roi.image.sha256)
        study_roi.image.save(update_fields=["split"])
    return study


def text_of(release: Release) -> str:
    page = methods_page(release, written_as="html").content().decode()
    return html.unescape(re.sub(r"<[^>]+>", " ", page))


def document_of(release: Release, **options: Any) -> Document:
    facts = methods_facts(SnapshotReader(release.snapshot_key), **options)
    return methods_document(facts, release=release.number, content_sha256=release.content_sha256)


def test_page_has_every_section_figures_and_tables(rated: Study) -> None:
    document = document_of(freeze(rated), resamples=50)
    assert [block.text for block in document.blocks if isinstance(block, Heading)] == SECTIONS
    assert len([block for block in document.blocks if isinstance(block, Picture)]) == 5
    tables = {block.caption.partition(",")[0]: block for block in document.blocks if isinstance(block, Table)}
    agreement = tables["Agreement by scale"]
    assert [row[0] for row in agreement.rows][-2:] == ["quality", "importance"]
    assert re.fullmatch(r"0\.\d\d \[[^]]+\]", agreement.rows[6][1])
    assert "95 % intervals over annotators" in tables


def test_numbers_are_those_of_the_release(rated: Study) -> None:
    release = freeze(rated)
    text = text_of(release)
    assert "15 regions of interest (ROIs) on 5 images" in text
    assert "60 ratings by 5 annotators" in text
    assert "Votes per ROI: 4 on 15 ROIs." in text
    assert release.content_sha256 in text
    report = methods_facts(SnapshotReader(release.snapshot_key), resamples=0)["agreement"]["scales"]["quality"]
    assert f"{report['alpha']:.2f} [" in text
    assert f"quality {report['sos']:.3f}" in text


def test_nobody_is_named(rated: Study) -> None:
    release = freeze(rated)
    text = methods_page(release, written_as="html").content().decode()
    for member in Membership.objects.filter(study=rated):
        assert member.user.username not in text
        assert str(member.pseudonym) not in text


def test_html_asks_nobody_for_anything_and_runs_nothing(rated: Study) -> None:
    Study.objects.filter(pk=rated.pk).update(title="<script>alert(1)</script> & co")
    page = methods_page(freeze(rated), written_as="html").content().decode()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; co" in page
    assert not re.search(r"https?://|@import|url\(|<link|<img| src=", page)
    assert page.count("<svg") == 5
    assert "@media print" in page


def test_both_files_are_the_same_every_time_and_read_the_snapshot_alone(rated: Study) -> None:
    release = freeze(rated)
    before = [methods_page(release, written_as=kind).content() for kind in ("html", "pdf")]
    Rating.objects.update(status="surplus")
    Study.objects.update(title="Renamed", raters_per_roi=9)
    default_storage.delete(preparing._key(release))
    assert [methods_page(release, written_as=kind).content() for kind in ("html", "pdf")] == before
    assert before[1].startswith(b"%PDF-")


def test_pdf_writes_what_its_font_lacks_as_question_marks() -> None:
    document = Document(title="山 mountains", subtitle="", blocks=[Paragraph("Δ 1 − 2 <b>"), Heading("é")])
    assert to_pdf(document) == to_pdf(document)
    assert "山 mountains" in to_html(document)


def test_numbers_are_kept_and_shared_by_releases_of_the_same_content(
    rated: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = freeze(rated), freeze(rated, note="again")
    assert first.content_sha256 == second.content_sha256
    one = methods_page(first, written_as="html")
    content = one.content()
    monkeypatch.setattr(preparing, "methods_facts", lambda _reader: pytest.fail("computed again"))
    two = methods_page(second, written_as="html")
    assert two.content() == content.replace(b"release 1,", b"release 2,")
    assert one.tag != two.tag


def test_large_release_is_prepared_by_a_job(rated: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    release, user = freeze(rated), make_user()
    assert order_methods(release=release, by=user) is None
    monkeypatch.setattr(preparing, "SMALL_RELEASE_RATINGS", 10)
    with pytest.raises(MethodsNotPrepared, match="prepare them first"):
        methods_page(release, written_as="pdf").content()
    job = order_methods(release=release, by=user)
    assert job is not None
    assert order_methods(release=release, by=make_user()) == job
    jobs.run(str(job.pk))
    assert methods_page(release, written_as="pdf").content().startswith(b"%PDF-")
    assert order_methods(release=release, by=user) is None


def test_failed_release_has_no_page() -> None:
    with pytest.raises(ReleaseNotReady):
        methods_page(freeze(make_study("empty")), written_as="html")


def test_prefilled_and_excluded_votes_are_told_of() -> None:
    study = study_of_modes()
    text = text_of(freeze(study))
    assert "Without the 3 pre-filled votes, on 1 ROI, 1 ROI would have another level" in text
    assert "Counted votes: 7 blind, 3 pre-filled." in text
    study.study_rois.update(raters_wanted=4)
    member = Membership.objects.filter(study=study, role="annotator").order_by("joined_at")[0]
    exclude_annotator(study=study, member_id=member.pk, reason="names somebody", by=make_user())
    text = text_of(freeze(study))
    assert "1 annotator was excluded in this study." in text
    assert "With the 2 votes of excluded annotators, on 2 ROIs" in text
    assert "names somebody" not in text


def test_qualification_is_told_as_far_as_it_was_asked_for(rated: Study) -> None:
    assert "asked for no consent, viewing check, training or quiz" in text_of(freeze(rated))
    QualificationRules.objects.create(study=rated, ask_quiz=True, quiz_pass_percent=80)
    for member in Membership.objects.filter(study=rated, role="annotator")[:4]:
        Qualification.objects.create(membership=member, quiz_passed_at="2026-01-01T00:00Z")
    text = text_of(freeze(rated))
    assert "had to be passed with 80 % right (4 of 5)" in text
    assert "consent" not in text.partition("Procedure")[0].partition("Training and qualification")[2]


def test_golds_are_told_of_everybody_together_and_only_where_votes_count(rated: Study) -> None:
    assert "known answer were given" not in text_of(freeze(rated))
    people = list(Membership.objects.filter(study=rated, role="annotator").order_by("joined_at")[:3])
    golds = [make_gold(rated) for _ in range(10)]
    right, wrong = ANSWER | RIGHT, ANSWER | WRONG
    for number, gold in enumerate(golds):
        make_rating(gold, people[0].user, right if number else wrong, purpose="gold", status="gold")
        make_rating(gold, people[1].user, right if number < 6 else wrong, purpose="gold", status="gold")
        make_rating(gold, people[2].user, wrong, purpose="gold", status="gold")
    exclude_annotator(study=rated, member_id=people[2].pk, reason="golds", by=make_user())
    rated.study_rois.filter(is_gold=False).update(raters_wanted=4)
    text = text_of(freeze(rated))
    assert "given 20 times to 2 annotators whose votes count: 75 % were answered within" in text
    assert "At least 10 answers and fewer than 70 % right: 1 annotator." in text


def test_release_of_an_older_snapshot_has_a_page_too() -> None:
    data = (V1 / "snapshot.jsonl.gz").read_bytes()
    release = Release.objects.create(
        study=make_study("older"),
        number=1,
        state=ReleaseState.READY,
        content_sha256="b5eb6c95027c8f515228d18666173b3374d5e1bbc81674dc2c98ea9ab405aa71",
        ruleset="anchor-v1",
        counts={"images": 4, "rois": 8, "ratings": 24, "annotators": 3, "incomplete_rois": 0},
    )
    default_storage.save(release.snapshot_key, ContentFile(data))
    text = text_of(release)
    assert "Screens were not recorded for these ratings." in text
    assert "votes of excluded annotators" in text
    assert methods_page(release, written_as="pdf").content().startswith(b"%PDF-")


def test_page_is_served_with_an_etag_and_without_scripts(rated: Study, admin: User) -> None:
    make_member(rated, "admin", user=admin)
    release, client = freeze(rated), client_for(admin)
    url = f"/api/v1/releases/{release.pk}/methods/"
    page = client.get(url)
    assert page["Content-Type"].startswith("text/html")
    assert page["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    assert client.get(url, headers={"If-None-Match": page["ETag"]}).status_code == 304
    printed = client.get(url, {"format": "pdf"})
    assert printed["Content-Type"] == "application/pdf"
    assert printed["Content-Disposition"] == 'attachment; filename="rated-release-1-methods.pdf"'
    assert client.get(url, {"format": "docx"}).status_code == 400
    assert client.post(url).status_code == 204

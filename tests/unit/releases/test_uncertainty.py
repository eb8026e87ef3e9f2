"""What a release tells of how sure its labels are, of other ways to count the votes, and of how they were collected."""

import gzip
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from roiqa.consensus.rules.panel import PanelVotes
from roiqa.consensus.rules.subjects import fit_subjects
from roiqa.core.scales import DISTORTIONS, SCALES
from roiqa.ratings.exclusion import exclude_annotator
from roiqa.ratings.models import Rating
from roiqa.releases import accepted_votes
from roiqa.releases.exports.formats import FORMATS, export_of
from roiqa.releases.models import Release, ReleaseState
from roiqa.studies.models import Gold, Membership, Study, StudyROI
from tests.api.factories import make_member, make_rating, make_roi, make_study, make_user
from tests.api.release_study import answer, exported, freeze, image_in, rate, raters_of, seagull_of, small_study
from tests.unit.releases.test_freezing import lines_of

pytestmark = pytest.mark.django_db(transaction=True)
V1 = Path(__file__).parents[3] / "fixtures" / "releases" / "v1"


def varied_study(*, rois: int = 6, raters: int = 4) -> Study:
    """Every ROI has all its raters; the last of them votes two levels lower than the others."""
    study = make_study("varied", raters_per_roi=raters, ask_extra_on_tie=False)
    people = raters_of(study, raters)
    for number in range(rois):
        votes = [min(4, number % 3 + 1 + (person + number) % 2) for person in range(raters - 1)]
        answers = [answer(quality=vote, blur=vote, importance=2) for vote in votes]
        rate(
            make_roi(study, image_in(study), name=f"roi {number}"),
            people,
            [*answers, answer(quality=max(0, votes[0] - 2), blur=5, importance=2)],
        )
    return study


def header_of(release: Release) -> Any:
    return lines_of(release)[0]["header"]


def test_corrected_means_are_those_of_the_release_s_own_votes() -> None:
    release = freeze(varied_study())
    document = seagull_of(release)
    ratings = {roi["roi"]["id"]: roi["roi"]["ratings"] for roi in lines_of(release) if "roi" in roi}
    names = sorted({rating["annotator"] for one in ratings.values() for rating in one})
    rows = [
        (index, names.index(rating["annotator"]), rating["quality"])
        for index, annotation in enumerate(document["annotations"])
        for rating in ratings[annotation["roi"]]
    ]
    table = np.array(rows)
    model = fit_subjects(PanelVotes(table[:, 0], table[:, 1], table[:, 2:], len(ratings), len(names)))
    found = [[one["quality"]["mos_map"], one["quality"]["mos_map_se"]] for one in document["annotations"]]
    assert np.array(found) == pytest.approx(np.column_stack([model.mos, model.standard_error]), abs=2e-6)
    assert document["info"]["statistics"]["mos_map"] == {"bias_prior": 6.0, "sigma_prior": 10.0, "converged": True}


def test_sos_parameter_is_that_of_the_labels() -> None:
    document = seagull_of(freeze(varied_study()))
    means, variances = zip(
        *((one["quality"]["mean"], one["quality"]["sd"] ** 2) for one in document["annotations"]), strict=True
    )
    room = np.array(means) * (4 - np.array(means))
    assert document["info"]["statistics"]["sos"]["quality"] == pytest.approx(
        float((room * np.array(variances)).sum() / (room**2).sum()), abs=1e-6
    )
    assert document["info"]["statistics"]["sos"]["importance"] == 0


def study_of_modes() -> Study:
    """One ROI with two blind votes (bad) and three pre-filled ones (excellent), one with blind votes alone."""
    study = make_study("modes", raters_per_roi=5, suggestion_mode="prefill")
    people = raters_of(study, 5)
    shown, blind = (make_roi(study, image_in(study), name=name) for name in ("shown", "blind"))
    for number, person in enumerate(people):
        low = answer(quality=0, blur=0)
        if number < 2:
            make_rating(shown, person, low)
        else:
            make_rating(shown, person, answer(quality=4), mode="prefill")
        make_rating(blind, person, low)
    return study


def named(document: Any, name: str) -> Any:
    return next(one for one in document["annotations"] if one["name"] == name)


def test_labels_without_prefilled_votes_stand_beside_the_labels() -> None:
    release = freeze(study_of_modes())
    document = seagull_of(release)
    shown, blind = named(document, "shown"), named(document, "blind")
    assert (shown["n_raters"], shown["n_prefilled"], shown["quality"]["level_word"], shown["clean"]) == (
        5,
        3,
        "fair",
        True,
    )
    without = shown["variants"]["without_prefilled"]
    assert (without["n"], without["quality"]["level_word"], without["clean"]) == (2, "bad", False)
    assert without["distortions"]["blur"]["votes"] == [2, 0, 0, 0, 0, 0]
    assert (blind["n_prefilled"], blind["variants"]) == (0, {})
    assert document["info"]["statistics"]["variants"]["without_prefilled"] == {
        "votes": 3,
        "rois": 1,
        "unlabelled": 0,
        "changed": 1,
        "scales": {**dict.fromkeys(SCALES, 0), "quality": 1, "blur": 1},
    }
    assert release.counts["modes"] == {"blind": 7, "reveal_after": 0, "prefill": 3}


def test_an_roi_with_prefilled_votes_alone_has_no_label_without_them() -> None:
    study = make_study("shown", raters_per_roi=2)
    study_roi = make_roi(study, image_in(study), name="shown")
    for person in raters_of(study, 2):
        make_rating(study_roi, person, answer(), mode="prefill")
    release = freeze(study)
    assert named(seagull_of(release), "shown")["variants"] == {"without_prefilled": None}
    assert header_of(release)["statistics"]["variants"]["without_prefilled"]["unlabelled"] == 1
    row = pyarrow.parquet.read_table(io.BytesIO(exported(release, "parquet"))).to_pylist()[0]
    assert (row["without_prefilled_n"], row["without_prefilled_quality_mean"]) == (0, None)


def test_labels_with_the_votes_of_the_excluded_stand_beside_the_labels() -> None:
    study = varied_study()
    StudyROI.objects.filter(study=study).update(raters_wanted=3)
    harsh = Rating.objects.filter(study=study, blur=5).first()
    assert harsh is not None
    member = Membership.objects.get(study=study, user=harsh.annotator)
    before = seagull_of(freeze(study))
    exclude_annotator(study=study, member_id=member.pk, reason="two levels too low", by=make_user())
    release = freeze(study)
    document = seagull_of(release)
    assert {one["n_raters"] for one in document["annotations"]} == {3}
    with_all = {one["name"]: one["variants"]["with_excluded"] for one in document["annotations"]}
    for one in before["annotations"]:
        label = with_all[one["name"]]
        assert (label["n"], label["quality"]["mean"]) == (one["n_raters"], one["quality"]["mean"])
        assert label["distortions"] == one["distortions"]
    assert (release.counts["annotators"], release.counts["excluded_annotators"]) == (3, 1)
    assert header_of(release)["statistics"]["variants"]["with_excluded"]["votes"] == 6


def test_somebody_whose_rois_are_all_incomplete_now_still_counts_as_excluded() -> None:
    study = varied_study()
    extra = make_roi(study, image_in(study))
    StudyROI.objects.filter(pk=extra.pk).update(raters_wanted=1)
    lonely = make_member(study)
    make_rating(extra, lonely.user)
    exclude_annotator(study=study, member_id=lonely.pk, reason="clicks", by=make_user())
    assert freeze(study).counts["excluded_annotators"] == 1


def test_a_release_is_the_same_in_however_many_parts_it_is_labelled(monkeypatch: pytest.MonkeyPatch) -> None:
    study = varied_study()
    StudyROI.objects.filter(study=study).update(raters_wanted=3)
    member = Membership.objects.filter(study=study, role="annotator").order_by("pk")[0]
    exclude_annotator(study=study, member_id=member.pk, reason="clicks", by=make_user())
    whole = freeze(study)
    monkeypatch.setattr(accepted_votes, "PART_ROIS", 4)
    assert freeze(study).content_sha256 == whole.content_sha256


def test_answers_that_never_count_are_counted_apart() -> None:
    study = small_study()
    people = [one.user for one in Membership.objects.filter(study=study, role="annotator")]
    gold = make_roi(study, image_in(study))
    StudyROI.objects.filter(pk=gold.pk).update(is_gold=True, raters_wanted=0)
    Gold.objects.create(study_roi=gold, accepted={"blur": [0, 1]})
    for person in people:
        make_rating(gold, person, purpose="gold", status="gold")
    rated = StudyROI.objects.get(study=study, roi__name="sky")
    make_rating(rated, people[0], answer(quality=4), purpose="repeat", status="repeat")
    make_rating(rated, make_member(study).user, purpose="warm_up", status="warm_up")
    make_rating(rated, make_member(study).user, status="surplus")
    release = freeze(study)
    assert release.counts["kept_apart"] == {"surplus": 1, "gold": 3, "repeat": 1, "warm_up": 1, "revealed": 0}
    # Neither labels nor the number of incomplete ROIs know of the gold.
    assert (release.counts["rois"], release.counts["incomplete_rois"], release.counts["ratings"]) == (3, 1, 9)
    rows = next(one["roi"] for one in lines_of(release) if "roi" in one and one["roi"]["name"] == "sky")["ratings"]
    assert sorted(row["status"] for row in rows if not row["counted"]) == ["repeat", "surplus", "warm_up"]
    assert b",repeat," in exported(release, "ratings")
    assert freeze(study).content_sha256 == release.content_sha256


TELEMETRY = {
    "visible_ms": 20_000,
    "views": [{"dpr": 2, "width": 1200, "height": 800}],
    "screen": {"gamut": "p3", "high_dynamic_range": True},
    "inputs": {"keyboard": 9, "mouse": 2, "touch": 0},
}


def test_screens_and_times_are_summed_up_and_odd_telemetry_is_passed_over() -> None:
    study = make_study("screens", raters_per_roi=4)
    study_roi = make_roi(study, image_in(study))
    nonsense = {
        "visible_ms": "soon",
        "views": [{"dpr": 1e300, "width": -4, "height": None}],
        "screen": {"gamut": "<b>", "high_dynamic_range": 1},
        "inputs": {"keyboard": [1]},
    }
    for person, telemetry in zip(raters_of(study, 4), (TELEMETRY, TELEMETRY, nonsense, {}), strict=True):
        make_rating(study_roi, person, telemetry=telemetry, created_at="2026-03-05T10:00Z")
    found = header_of(freeze(study))["collection"]
    assert (found["first_day"], found["last_day"]) == ("2026-03-05", "2026-03-05")
    assert (found["seconds"]["n"], found["seconds"]["median"]) == (2, 20.0)
    assert found["pixel_ratios"] == [{"ratio": 2.0, "ratings": 2, "annotators": 2}]
    assert (found["view_width_px"]["median"], found["view_height_px"]["median"]) == (1200.0, 800.0)
    assert (found["gamuts"], found["high_dynamic_range"]) == ({"srgb": 0, "p3": 2, "rec2020": 0}, 2)
    assert found["inputs"] == {"keyboard": 2, "mouse": 0, "touch": 0}


def test_parquet_has_the_uncertainty_in_flat_columns() -> None:
    release = freeze(study_of_modes())
    rows = pyarrow.parquet.read_table(io.BytesIO(exported(release, "parquet"))).to_pylist()
    by_name = {row["name"]: row for row in rows}
    annotation = named(seagull_of(release), "shown")
    row = by_name["shown"]
    for name in ("mos_map", "mos_map_se", "sd", "mean"):
        assert row[f"quality_{name}"] == annotation["quality"][name]
    assert [row["quality_t_low"], row["quality_t_high"]] == annotation["quality"]["t_interval"]
    assert [row["blur_low"], row["blur_high"]] == (annotation["distortions"]["blur"]["interval"] or [None, None])
    assert (row["n_prefilled"], row["without_prefilled_n"], row["without_prefilled_quality_level"]) == (3, 2, 0)
    assert row["without_prefilled_blur_present"] is True
    # Without other votes the columns repeat the label.
    assert by_name["blind"]["without_prefilled_quality_mean"] == by_name["blind"]["quality_mean"]
    assert by_name["blind"]["with_excluded_n"] == 5


def test_plain_coco_stays_plain() -> None:
    annotation = json.loads(exported(freeze(study_of_modes()), "coco"))["annotations"][0]
    assert "variants" not in annotation
    assert "quality" not in annotation


@pytest.fixture
def older_release() -> tuple[Release, Any]:
    """A release that the first version of snapshots froze, and the facts that were noted of it then."""
    facts = json.loads((V1 / "facts.json").read_text())
    data = (V1 / "snapshot.jsonl.gz").read_bytes()
    assert hashlib.sha256(gzip.decompress(data)).hexdigest() == facts["content_sha256"]
    release = Release.objects.create(
        study=make_study("older"),
        number=1,
        state=ReleaseState.READY,
        content_sha256=facts["content_sha256"],
        ruleset="anchor-v1",
        counts=facts["counts"],
    )
    default_storage.save(release.snapshot_key, ContentFile(data))
    return release, facts


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "parquet"])
def test_exports_of_a_release_that_was_frozen_before_keep_their_bytes(name: str, older_release: Any) -> None:
    release, facts = older_release
    assert hashlib.sha256(exported(release, name)).hexdigest() == facts["exports"][name]
    assert export_of(release, name=name, images=False).tag == facts["tags"][name]


def test_parquet_of_a_release_that_was_frozen_before_keeps_its_columns(older_release: Any) -> None:
    # Its bytes are also those of pyarrow's version, which the tag names.
    release, _ = older_release
    table = pyarrow.parquet.read_table(io.BytesIO(exported(release, "parquet")))
    assert not [
        name
        for name in table.column_names
        if "mos_map" in name or name == "quality_t_low" in name or "prefilled" in name
    ]
    assert len(table) == release.counts["rois"]
    assert {f"{name}_votes" for name in (*DISTORTIONS, "quality")} <= set(table.column_names)

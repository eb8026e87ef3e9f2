"""How suggestions meet annotators: the three modes, enforced on the server."""

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from roiqa.accounts.models import User
from roiqa.core.scales import SCALES
from roiqa.ratings.models import Assignment, Rating
from roiqa.ratings.modes import BLOCK
from roiqa.studies.models import Membership, Study, StudyROI, SuggestionMode
from tests.api.factories import ANSWER, JSONClient, client_for, make_image, make_member, make_rating, make_roi
from tests.api.rating_calls import claim, expire, submit
from tests.api.suggested_study import LEVELS, as_answer, make_model, promote, promoted, suggest

pytestmark = pytest.mark.django_db

MODEL_SAYS = as_answer(LEVELS)


def set_mode(study: Study, mode: str, **fields: Any) -> None:
    """No pair is blind by lot and no level wrong, unless the test asks for it: the table itself keeps 20 %."""
    Study.objects.filter(pk=study.pk).update(suggestion_mode=mode, wrong_percent=0, **fields)
    study.refresh_from_db()


@pytest.fixture
def none_blind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("roiqa.ratings.modes.stays_blind", lambda **_: False)


@pytest.fixture
def client(annotator: User) -> JSONClient:
    return client_for(annotator)


def reveal(client: JSONClient, assignment: str) -> Any:
    return client.post(f"/api/v1/assignments/{assignment}/reveal/", {})


def think_again(client: JSONClient, assignment: str, *, key: str = "", **changes: Any) -> Any:
    return client.post(
        f"/api/v1/assignments/{assignment}/second-thought/",
        {**ANSWER, **changes},
        headers={"Idempotency-Key": key or str(uuid.uuid4())},
    )


class TestRevealAfter:
    def test_nothing_of_the_model_is_told_before_the_own_answer(self, study: Study, client: JSONClient) -> None:
        suggest(make_roi(study))
        held = claim(client, study).json()
        assert held["suggestion"] is None
        refused = reveal(client, held["id"])
        assert (refused.status_code, refused.json()["code"]) == (409, "rate_first")
        assert Assignment.objects.get().shown is None

    def test_after_the_answer_the_models_levels_show_beside_it(self, study: Study, client: JSONClient) -> None:
        suggest(make_roi(study))
        held = claim(client, study).json()["id"]
        assert submit(client, held).json()["reveals"] is True
        shown = reveal(client, held)
        assert shown.status_code == 200
        assert shown.json()["suggestion"] == MODEL_SAYS
        assert shown.json()["rating"]["quality"] == ANSWER["quality"]
        assert shown.json()["may_revise"] is True
        assert client.get(f"/api/v1/assignments/{held}/").json()["suggestion"] == MODEL_SAYS
        assignment = Assignment.objects.get()
        assert assignment.shown["levels"] == dict(zip(SCALES, LEVELS, strict=True))
        first_shown = assignment.shown_at
        assert reveal(client, held).json() == shown.json()
        assert Assignment.objects.get().shown_at == first_shown

    def test_the_first_answer_stays_the_label(self, study: Study, client: JSONClient) -> None:
        study_roi = make_roi(study)
        suggestion = suggest(study_roi)
        held = claim(client, study).json()["id"]
        submit(client, held)
        reveal(client, held)
        thought = think_again(client, held, quality=2)
        assert (thought.status_code, thought.json()["quality"]) == (201, 2)
        first, second = Rating.objects.order_by("revision")
        assert (first.status, first.is_current, first.quality, first.mode) == ("accepted", True, 3, "reveal_after")
        assert (second.status, second.is_current, second.supersedes) == ("revealed", False, first)
        assert first.shown is None
        assert (second.shown["suggestion"], second.shown["revised"]) == (suggestion.pk, ["quality"])
        # What of the second thought is another level than the model's.
        assert second.shown["changed"] == ["importance"]
        study_roi.refresh_from_db()
        assert study_roi.n_accepted == 1

    def test_one_second_thought_and_its_retry(self, study: Study, client: JSONClient) -> None:
        suggest(make_roi(study))
        held, key = claim(client, study).json()["id"], str(uuid.uuid4())
        submit(client, held)
        reveal(client, held)
        answers = [think_again(client, held, key=key), think_again(client, held, key=key)]
        assert [answer.status_code for answer in answers] == [201, 200]
        assert answers[0].json() == answers[1].json()
        assert reveal(client, held).json()["may_revise"] is False
        again = think_again(client, held, quality=1)
        assert (again.status_code, again.json()["code"]) == (409, "already_revised")
        reused = think_again(client, held, key=key, quality=1)
        assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")

    def test_no_second_thought_before_the_model_was_seen(self, study: Study, client: JSONClient) -> None:
        suggest(make_roi(study))
        held = claim(client, study).json()["id"]
        assert think_again(client, held).json()["code"] == "rate_first"
        submit(client, held)
        assert think_again(client, held).json()["code"] == "nothing_revealed"

    def test_an_answer_can_be_undone_until_the_model_was_seen(self, study: Study, client: JSONClient) -> None:
        suggest(make_roi(study))
        held = claim(client, study).json()["id"]
        submit(client, held)
        assert client.post(f"/api/v1/assignments/{held}/reopen/", {}).status_code == 200
        assert submit(client, held, quality=1).status_code == 201
        reveal(client, held)
        refused = client.post(f"/api/v1/assignments/{held}/reopen/", {})
        assert (refused.status_code, refused.json()["code"]) == (409, "cannot_undo")
        assert client.get(f"/api/v1/studies/{study.slug}/my-progress/").json()["can_undo"] is None

    def test_nobody_sees_the_reveal_of_another(self, study: Study, client: JSONClient) -> None:
        suggest(make_roi(study))
        held = claim(client, study).json()["id"]
        submit(client, held)
        assert reveal(client_for(make_member(study).user), held).status_code == 404


class TestPrefill:
    def test_the_form_opens_with_the_models_levels(self, study: Study, client: JSONClient, none_blind: None) -> None:
        set_mode(study, "prefill")
        suggestion = suggest(make_roi(study))
        assert claim(client, study).json()["suggestion"] == MODEL_SAYS
        held = Assignment.objects.get()
        assert (held.mode, held.suggestion, held.shown["wrong"]) == ("prefill", suggestion, None)
        assert held.shown_at is not None

    def test_what_is_not_confirmed_cannot_be_submitted(
        self, study: Study, client: JSONClient, none_blind: None
    ) -> None:
        set_mode(study, "prefill")
        suggest(make_roi(study))
        held = claim(client, study).json()["id"]
        some = [scale for scale in SCALES if scale not in {"blur", "quality"}]
        for confirmed, missing in (([], list(SCALES)), (some, ["blur", "quality"])):
            refused = submit(client, held, confirmed=confirmed)
            assert (refused.status_code, refused.json()["code"]) == (422, "not_confirmed")
            assert refused.json()["fields"]["confirmed"] == [f"{scale} is not confirmed." for scale in missing]
        assert not Rating.objects.exists()
        unknown = submit(client, held, confirmed=["sharpness"])
        assert unknown.status_code == 400

    def test_what_was_shown_and_what_was_changed_is_kept(
        self, study: Study, client: JSONClient, none_blind: None
    ) -> None:
        set_mode(study, "prefill")
        suggestion = suggest(make_roi(study))
        held = claim(client, study).json()["id"]
        assert submit(client, held, confirmed=list(SCALES)).status_code == 201
        rating = Rating.objects.get()
        assert (rating.mode, rating.status) == ("prefill", "accepted")
        assert rating.shown == {
            "suggestion": suggestion.pk,
            "levels": dict(zip(SCALES, LEVELS, strict=True)),
            "wrong": None,
            "at": Assignment.objects.get().shown_at.isoformat(),
            "changed": ["quality", "importance"],
        }

    def test_a_share_of_every_annotators_claims_stays_blind(self, study: Study, client: JSONClient) -> None:
        set_mode(study, "prefill", blind_percent=30)
        image = make_image(study)
        for _ in range(BLOCK):
            suggest(make_roi(study, image))
        modes = []
        for _ in range(BLOCK):
            held = claim(client, study).json()
            mode = Assignment.objects.get(pk=held["id"]).mode
            assert (held["suggestion"] is None) == (mode == "blind")
            submit(client, held["id"], confirmed=list(SCALES))
            modes.append(mode)
        assert modes.count("blind") == 0.3 * BLOCK

    def test_a_claim_given_back_keeps_how_it_was_shown(self, study: Study, client: JSONClient) -> None:
        set_mode(study, "prefill", blind_percent=50)
        suggest(make_roi(study))
        modes = set()
        for _ in range(6):
            held = claim(client, study).json()["id"]
            modes.add(Assignment.objects.get().mode)
            expire(held)
        assert len(modes) == 1

    def test_a_level_that_is_wrong_on_purpose_is_off_by_two(
        self, study: Study, client: JSONClient, none_blind: None
    ) -> None:
        set_mode(study, "prefill")
        # Of the 20 % that are not blind, all 20 are wrong.
        Study.objects.filter(pk=study.pk).update(blind_percent=95, wrong_percent=5)
        suggest(make_roi(study))
        told = claim(client, study)
        held = Assignment.objects.get()
        wrong = held.shown["wrong"]
        suggested = dict(zip(SCALES, LEVELS, strict=True))
        off = {scale: abs(held.shown["levels"][scale] - suggested[scale]) for scale in SCALES}
        assert off == {scale: 2 if scale == wrong else 0 for scale in SCALES}
        assert "wrong" not in told.content.decode()

    def test_the_answer_can_be_revised_and_was_prefilled(
        self, study: Study, client: JSONClient, none_blind: None
    ) -> None:
        set_mode(study, "prefill")
        suggest(make_roi(study))
        held = claim(client, study).json()["id"]
        submit(client, held, confirmed=list(SCALES))
        client.post(f"/api/v1/assignments/{held}/reopen/", {})
        assert submit(client, held, confirmed=list(SCALES), quality=2).status_code == 201
        assert [rating.mode for rating in Rating.objects.all()] == ["prefill", "prefill"]


class TestAlwaysBlind:
    def arrange(self, study: Study, why: str) -> StudyROI:
        study_roi = make_roi(study, make_image(study, split="test" if why == "test split" else "train"))
        if why == "no suggestion":
            promoted(study)
        elif why == "another model's":
            suggest(study_roi)
            promote(make_model(study))
        elif why == "blind study":
            suggest(study_roi)
            set_mode(study, "blind")
        else:
            suggest(study_roi, leaked=why == "leaked", mask_sha256="another" if why == "another mask" else "")
        return study_roi

    @pytest.mark.parametrize("mode", ["reveal_after", "prefill"])
    @pytest.mark.parametrize(
        "why", ["test split", "leaked", "another mask", "no suggestion", "another model's", "blind study"]
    )
    def test_no_trace_of_a_suggestion(
        self, study: Study, client: JSONClient, none_blind: None, mode: str, why: str
    ) -> None:
        set_mode(study, mode)
        self.arrange(study, why)
        held = claim(client, study).json()
        assert held["suggestion"] is None
        sent = submit(client, held["id"])
        assert (sent.status_code, sent.json()["reveals"]) == (201, False)
        refused = reveal(client, held["id"])
        assert (refused.status_code, refused.json()["code"]) == (409, "nothing_revealed")
        assignment = Assignment.objects.get()
        assert (assignment.mode, assignment.suggestion, assignment.shown, assignment.shown_at) == (
            "blind", None, None, None,
        )  # fmt: skip
        assert Rating.objects.get().mode == SuggestionMode.BLIND


def test_a_claim_costs_one_query_more_and_none_in_a_blind_study(study: Study, client: JSONClient) -> None:
    image = make_image(study)
    for _ in range(3):
        suggest(make_roi(study, image))
    submit(client, claim(client, study).json()["id"])
    asked = {}
    for mode in ("reveal_after", "blind"):
        set_mode(study, mode)
        with CaptureQueriesContext(connection) as told:
            held = claim(client, study).json()["id"]
        asked[mode] = [query["sql"] for query in told.captured_queries if "registry_suggestion" in query["sql"]]
        submit(client, held)
    assert [len(asked["reveal_after"]), len(asked["blind"])] == [1, 0]
    assert "trained_images" not in asked["reveal_after"][0]


class TestChoosing:
    def test_the_mode_is_chosen_when_the_study_is_made(self, admin: User) -> None:
        User.objects.filter(pk=admin.pk).update(can_create_studies=True)
        maker = client_for(admin)
        made = maker.post("/api/v1/studies/", {"title": "Pre", "suggestion_mode": "prefill", "blind_percent": 40})
        assert made.status_code == 201
        body = made.json()
        assert (body["suggestion_mode"], body["blind_percent"], body["wrong_percent"]) == ("prefill", 40, 3)
        default = maker.post("/api/v1/studies/", {"title": "Plain"}).json()
        assert default["suggestion_mode"] == "reveal_after"

    @pytest.mark.parametrize(
        ("field", "value"), [("blind_percent", 19), ("wrong_percent", 11), ("suggestion_mode", "x")]
    )
    def test_shares_out_of_range_are_refused_by_name(
        self, study: Study, admin: User, field: str, value: object
    ) -> None:
        refused = client_for(admin).patch(f"/api/v1/studies/{study.slug}/", {field: value})
        assert refused.status_code == 400
        assert list(refused.json()["fields"]) == [field]

    def test_the_mode_is_fixed_once_rating_has_begun(self, study: Study, admin: User, annotator: User) -> None:
        boss, url = client_for(admin), f"/api/v1/studies/{study.slug}/"
        assert boss.patch(url, {"suggestion_mode": "prefill"}).status_code == 200
        make_rating(make_roi(study), annotator)
        for changes in ({"suggestion_mode": "blind"}, {"blind_percent": 50}, {"wrong_percent": 0}):
            refused = boss.patch(url, changes)
            assert (refused.status_code, refused.json()["code"]) == (409, "mode_is_fixed")
            assert list(refused.json()["fields"]) == list(changes)
        assert boss.patch(url, {"suggestion_mode": "prefill", "title": "Same"}).status_code == 200


def test_the_seed_of_the_draw_is_the_annotators_own(study: Study, annotator: User) -> None:
    other = make_member(study)
    mine = Membership.objects.get(study=study, user=annotator)
    assert mine.order_seed != other.order_seed

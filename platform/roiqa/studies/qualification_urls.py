"""API paths of what comes before rating, and of crowd links."""

from django.urls import path

from roiqa.studies import crowd_views, qualification_views
from roiqa.studies import qualification_admin_views as admin_views

_STUDY = "studies/<slug:slug>/"

urlpatterns = [
    path(f"{_STUDY}qualification/", qualification_views.StandingView.as_view(), name="qualification"),
    path(f"{_STUDY}qualification/consent/", qualification_views.ConsentView.as_view(), name="consent"),
    path(f"{_STUDY}qualification/people/", admin_views.PeopleView.as_view(), name="qualified-people"),
    path(f"{_STUDY}qualification/rules/", admin_views.RulesView.as_view(), name="qualification-rules"),
    path(f"{_STUDY}members/<uuid:member_id>/quiz-tries/", admin_views.TriesView.as_view(), name="quiz-tries"),
    path(f"{_STUDY}viewing-checks/", qualification_views.ViewingChecksView.as_view(), name="viewing-checks"),
    path(
        "viewing-checks/<uuid:check_id>/pictures/<slug:picture>/",
        qualification_views.ViewingPictureView.as_view(),
        name="viewing-picture",
    ),
    path(
        "viewing-checks/<uuid:check_id>/answer/", qualification_views.ViewingAnswerView.as_view(), name="viewing-answer"
    ),
    path(f"{_STUDY}training/", qualification_views.TrainingView.as_view(), name="training"),
    path(f"{_STUDY}training/<uuid:item_id>/", qualification_views.TrainingAnswerView.as_view(), name="training-answer"),
    path(f"{_STUDY}quiz/", qualification_views.QuizView.as_view(), name="quiz"),
    path(f"{_STUDY}quiz/<uuid:item_id>/", qualification_views.QuizAnswerView.as_view(), name="quiz-answer"),
    path(f"{_STUDY}training-items/<uuid:item_id>/", admin_views.ItemView.as_view(), name="training-item"),
    path(f"{_STUDY}crowd-links/", crowd_views.CrowdLinksView.as_view(), name="crowd-links"),
    path(f"{_STUDY}crowd-links/<uuid:link_id>/", crowd_views.CrowdLinkView.as_view(), name="crowd-link"),
    path("crowd/<slug:crowd_token>/", crowd_views.CrowdOfferView.as_view(), name="crowd-offer"),
    path("crowd/<slug:crowd_token>/enter/", crowd_views.CrowdEnterView.as_view(), name="crowd-enter"),
]

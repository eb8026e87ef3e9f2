"""API paths of the admins' pages."""

from django.urls import path

from roiqa.consensus import audit_views, effect_views, planning_views, training_views, views

urlpatterns = [
    path("studies/<slug:slug>/progress/", views.ProgressView.as_view(), name="progress"),
    path("studies/<slug:slug>/progress/rois/", views.ROIProgressView.as_view(), name="progress-rois"),
    path("studies/<slug:slug>/agreement/", views.AgreementView.as_view(), name="agreement"),
    path("studies/<slug:slug>/annotators/", views.AnnotatorsView.as_view(), name="annotators"),
    path(
        "studies/<slug:slug>/annotators/<uuid:member_id>/effect/",
        effect_views.VoteEffectView.as_view(),
        name="annotator-effect",
    ),
    path("studies/<slug:slug>/suggestion-audit/", audit_views.SuggestionAuditView.as_view(), name="suggestion-audit"),
    path("studies/<slug:slug>/second-look/", audit_views.SecondLookView.as_view(), name="second-look"),
    path("studies/<slug:slug>/more-votes/", audit_views.MoreVotesView.as_view(), name="more-votes"),
    path(
        "studies/<slug:slug>/stopping-forecast/",
        planning_views.StoppingForecastView.as_view(),
        name="stopping-forecast",
    ),
    path("studies/<slug:slug>/training-items/", training_views.TrainingItemsView.as_view(), name="training-items"),
    path(
        "studies/<slug:slug>/training-candidates/", training_views.CandidatesView.as_view(), name="training-candidates"
    ),
    path("studies/<slug:slug>/plan/", planning_views.PlanView.as_view(), name="plan"),
]

"""API paths of the rating flow."""

from django.urls import path

from roiqa.ratings import crowd_views, views

urlpatterns = [
    path("studies/<slug:slug>/assignments/", views.AssignmentListView.as_view(), name="assignments"),
    path("studies/<slug:slug>/my-progress/", views.MyProgressView.as_view(), name="my-progress"),
    path("studies/<slug:slug>/members/<uuid:member_id>/exclude/", views.ExcludeView.as_view(), name="member-exclude"),
    path("studies/<slug:slug>/members/<uuid:member_id>/include/", views.IncludeView.as_view(), name="member-include"),
    path("studies/<slug:slug>/completion/", crowd_views.CompletionView.as_view(), name="completion"),
    path(
        "studies/<slug:slug>/crowd-links/<uuid:link_id>/payments/",
        crowd_views.PaymentsView.as_view(),
        name="crowd-payments",
    ),
    path("assignments/<uuid:assignment_id>/", views.AssignmentView.as_view(), name="assignment"),
    path("assignments/<uuid:assignment_id>/renew/", views.RenewView.as_view(), name="assignment-renew"),
    path("assignments/<uuid:assignment_id>/release/", views.ReleaseClaimView.as_view(), name="assignment-release"),
    path("assignments/<uuid:assignment_id>/draft/", views.DraftView.as_view(), name="assignment-draft"),
    path("assignments/<uuid:assignment_id>/rating/", views.RatingView.as_view(), name="assignment-rating"),
    path("assignments/<uuid:assignment_id>/reveal/", views.RevealView.as_view(), name="assignment-reveal"),
    path(
        "assignments/<uuid:assignment_id>/second-thought/",
        views.SecondThoughtView.as_view(),
        name="assignment-second-thought",
    ),
    path("assignments/<uuid:assignment_id>/skip/", views.SkipView.as_view(), name="assignment-skip"),
    path("assignments/<uuid:assignment_id>/reopen/", views.ReopenView.as_view(), name="assignment-reopen"),
]

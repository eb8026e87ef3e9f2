"""API paths of the admins' pages."""

from django.urls import path

from roiqa.consensus import planning_views, views

urlpatterns = [
    path("studies/<slug:slug>/progress/", views.ProgressView.as_view(), name="progress"),
    path("studies/<slug:slug>/progress/rois/", views.ROIProgressView.as_view(), name="progress-rois"),
    path("studies/<slug:slug>/agreement/", views.AgreementView.as_view(), name="agreement"),
    path("studies/<slug:slug>/annotators/", views.AnnotatorsView.as_view(), name="annotators"),
    path(
        "studies/<slug:slug>/stopping-forecast/",
        planning_views.StoppingForecastView.as_view(),
        name="stopping-forecast",
    ),
    path("studies/<slug:slug>/plan/", planning_views.PlanView.as_view(), name="plan"),
]

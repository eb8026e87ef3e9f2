"""API paths of the admins' pages."""

from django.urls import path

from roiqa.consensus import views

urlpatterns = [
    path("studies/<slug:slug>/progress/", views.ProgressView.as_view(), name="progress"),
    path("studies/<slug:slug>/progress/rois/", views.ROIProgressView.as_view(), name="progress-rois"),
    path("studies/<slug:slug>/agreement/", views.AgreementView.as_view(), name="agreement"),
    path("studies/<slug:slug>/annotators/", views.AnnotatorsView.as_view(), name="annotators"),
]

"""API paths of training."""

from django.urls import path

from roiqa.training import views

urlpatterns = [
    path("training-runs/", views.TrainingRunsView.as_view(), name="training-runs"),
    path("training-runs/estimate/", views.EstimateView.as_view(), name="training-estimate"),
    path("training-runs/options/", views.OptionsView.as_view(), name="training-options"),
    path("training-runs/<uuid:run_id>/", views.TrainingRunView.as_view(), name="training-run"),
    path("training-runs/<uuid:run_id>/cancel/", views.CancelView.as_view(), name="training-run-cancel"),
    path("training-runs/<uuid:run_id>/resume/", views.ResumeView.as_view(), name="training-run-resume"),
    path("training-runs/<uuid:run_id>/points/", views.PointsView.as_view(), name="training-run-points"),
    path("training-runs/<uuid:run_id>/events/", views.EventsView.as_view(), name="training-run-events"),
    path("studies/<slug:slug>/retrain-rule/", views.RetrainRuleView.as_view(), name="retrain-rule"),
]

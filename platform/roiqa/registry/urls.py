"""API paths of models, promotions and suggestions."""

from django.urls import path

from roiqa.registry import suggestion_views, views

urlpatterns = [
    path("model-versions/", views.ModelVersionsView.as_view(), name="model-versions"),
    path("model-versions/<uuid:version_id>/", views.ModelVersionView.as_view(), name="model-version"),
    path("model-versions/<uuid:version_id>/files/<str:name>", views.ModelFileView.as_view(), name="model-file"),
    path("model-versions/<uuid:version_id>/card/", views.ModelCardView.as_view(), name="model-card"),
    path(
        "model-versions/<uuid:version_id>/compare/<uuid:other_version_id>/",
        views.CompareModelsView.as_view(),
        name="model-compare",
    ),
    path("model-versions/<uuid:version_id>/promote/", views.PromoteView.as_view(), name="model-promote"),
    path("studies/<slug:slug>/model-versions/", views.StudyModelVersionsView.as_view(), name="study-models"),
    path("studies/<slug:slug>/promotions/", views.PromotionsView.as_view(), name="promotions"),
    path("studies/<slug:slug>/promotions/roll-back/", views.RollBackView.as_view(), name="promotion-roll-back"),
    path("studies/<slug:slug>/suggestions/", suggestion_views.SuggestionsView.as_view(), name="suggestions"),
    path(
        "studies/<slug:slug>/suggestions/state/",
        suggestion_views.SuggestionStateView.as_view(),
        name="suggestion-state",
    ),
]

"""API paths of releases."""

from django.urls import path

from roiqa.releases import views

urlpatterns = [
    path("studies/<slug:slug>/releases/", views.ReleaseListView.as_view(), name="releases"),
    path("releases/<uuid:release_id>/", views.ReleaseView.as_view(), name="release"),
    path("releases/<uuid:release_id>/compare/<uuid:other_id>/", views.CompareView.as_view(), name="release-compare"),
    path("releases/<uuid:release_id>/export/", views.ExportView.as_view(), name="release-export"),
    path("releases/<uuid:release_id>/methods/", views.MethodsView.as_view(), name="release-methods"),
    path("releases/<uuid:release_id>/exports/", views.ExportJobView.as_view(), name="release-exports"),
]

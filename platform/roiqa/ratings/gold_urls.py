"""API paths of golds."""

from django.urls import path

from roiqa.ratings import gold_views as views

urlpatterns = [
    path("studies/<slug:slug>/golds/", views.GoldsView.as_view(), name="golds"),
    path("studies/<slug:slug>/golds/mark/", views.MarkGoldView.as_view(), name="gold-mark"),
    path("studies/<slug:slug>/golds/<uuid:roi_id>/", views.GoldView.as_view(), name="gold"),
    path("studies/<slug:slug>/golds/<uuid:roi_id>/retire/", views.RetireGoldView.as_view(), name="gold-retire"),
    path("studies/<slug:slug>/golds/<uuid:roi_id>/restore/", views.RestoreGoldView.as_view(), name="gold-restore"),
]

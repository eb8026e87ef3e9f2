"""API paths of webhooks."""

from django.urls import path

from roiqa.studies import webhook_views

_ONE = "studies/<slug:slug>/webhooks/<uuid:webhook_id>/"

urlpatterns = [
    path("studies/<slug:slug>/webhooks/", webhook_views.WebhooksView.as_view(), name="webhooks"),
    path(_ONE, webhook_views.WebhookView.as_view(), name="webhook"),
    path(f"{_ONE}deliveries/", webhook_views.DeliveriesView.as_view(), name="webhook-deliveries"),
    path(f"{_ONE}test/", webhook_views.TestWebhookView.as_view(), name="webhook-test"),
    path(
        f"{_ONE}deliveries/<uuid:delivery_id>/retry/",
        webhook_views.RetryDeliveryView.as_view(),
        name="webhook-delivery-retry",
    ),
]

"""Doors to webhooks. They stand here, not in `core`, because they are a study's, and its staff's to set up."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from roiqa.core import webhooks
from roiqa.core.errors import NotFound
from roiqa.core.strict import NoFields
from roiqa.core.webhook_models import Delivery, Webhook
from roiqa.studies.access import STAFF, signed_in, study_for
from roiqa.studies.webhook_serializers import (
    DeliverySerializer,
    NewWebhookSerializer,
    WebhookInput,
    WebhookSerializer,
)


class WebhooksView(generics.ListAPIView[Webhook]):
    serializer_class = WebhookSerializer

    def get_queryset(self) -> QuerySet[Webhook]:
        study = study_for(user=self.request.user, slug=self.kwargs["slug"], roles=STAFF)
        return Webhook.objects.filter(study_slug=study.slug).select_related("created_by")

    @extend_schema(operation_id="list_webhooks", summary="The study's webhooks, without their secrets")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.list(request, *args, **kwargs)

    @extend_schema(
        operation_id="add_webhook",
        summary="Tell an address of events; the secret that signs messages is shown this once",
        request=WebhookInput,
        responses={201: NewWebhookSerializer},
    )
    def post(self, request: Request, slug: str) -> Response:
        study = study_for(user=request.user, slug=slug, roles=STAFF)
        body = WebhookInput(data=request.data)
        body.is_valid(raise_exception=True)
        webhook = webhooks.add_webhook(study_slug=study.slug, user_id=signed_in(request.user).pk, **body.validated_data)
        shown = {**WebhookSerializer(webhook).data, "secret": webhooks.secret_of(webhook)}
        return Response(shown, status=status.HTTP_201_CREATED)


def _webhook(request: Request, slug: str, webhook_id: UUID) -> Webhook:
    study = study_for(user=request.user, slug=slug, roles=STAFF)
    webhook = Webhook.objects.filter(study_slug=study.slug, pk=webhook_id).first()
    if webhook is None:
        raise NotFound(f"{study.slug!r} has no webhook {webhook_id}.", code="webhook_not_found")
    return webhook


class WebhookView(APIView):
    @extend_schema(operation_id="remove_webhook", summary="Remove a webhook and its log", responses={204: None})
    def delete(self, request: Request, slug: str, webhook_id: UUID) -> Response:
        webhook = _webhook(request, slug, webhook_id)
        webhooks.remove_webhook(webhook=webhook, user_id=signed_in(request.user).pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class DeliveriesView(generics.ListAPIView[Delivery]):
    serializer_class = DeliverySerializer

    def get_queryset(self) -> QuerySet[Delivery]:
        return Delivery.objects.filter(webhook=_webhook(self.request, self.kwargs["slug"], self.kwargs["webhook_id"]))

    @extend_schema(operation_id="list_deliveries", summary="What was sent to a webhook, newest first")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.list(request, *args, **kwargs)


class TestWebhookView(APIView):
    @extend_schema(
        operation_id="test_webhook",
        summary="Send it the event `test`; what became of it is in the log a moment later",
        request=None,
        responses={202: DeliverySerializer},
    )
    def post(self, request: Request, slug: str, webhook_id: UUID) -> Response:
        webhook = _webhook(request, slug, webhook_id)
        NoFields(data=request.data).is_valid(raise_exception=True)
        return Response(DeliverySerializer(webhooks.send_test(webhook=webhook)).data, status=status.HTTP_202_ACCEPTED)


class RetryDeliveryView(APIView):
    @extend_schema(
        operation_id="retry_delivery",
        summary="Send a failed delivery again",
        request=None,
        responses={202: DeliverySerializer},
    )
    def post(self, request: Request, slug: str, webhook_id: UUID, delivery_id: UUID) -> Response:
        webhook = _webhook(request, slug, webhook_id)
        NoFields(data=request.data).is_valid(raise_exception=True)
        delivery = Delivery.objects.filter(webhook=webhook, pk=delivery_id).first()
        if delivery is None:
            raise NotFound(f"There is no delivery {delivery_id} of this webhook.", code="delivery_not_found")
        return Response(DeliverySerializer(webhooks.retry(delivery=delivery)).data, status=status.HTTP_202_ACCEPTED)

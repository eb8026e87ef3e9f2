"""Webhooks with a real receiver on this machine: signed, retried, logged, and never sent where they must not go."""

import hashlib
import hmac
import ipaddress
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.core import outgoing, webhooks
from roiqa.core.models import AuditEvent
from roiqa.core.webhook_models import Delivery, Webhook
from roiqa.studies.models import Study
from tests.api.factories import JSONClient, client_for


@dataclass
class Receiver:
    """Keeps what it was sent and answers with `answers` one after another, then 200."""

    server: ThreadingHTTPServer
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}/hook?from=roiqa"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.requests.append((self.path, dict(self.headers.items()), body))
            status, headers = made.answers.pop(0) if made.answers else (200, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Not on the screen."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Receiver(server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def client(admin: User) -> JSONClient:
    return client_for(admin)


@pytest.fixture
def path(study: Study) -> str:
    return f"/api/v1/studies/{study.slug}/webhooks/"


@pytest.fixture
def hook(receiver: Receiver, client: JSONClient, path: str, settings: Any) -> Any:
    """A webhook at the receiver, which whoever runs the installation has allowed, as its API answer."""
    settings.WEBHOOK_ALLOWED_HOSTS = [receiver.host]
    answer = client.post(path, {"url": receiver.url, "events": ["run.finished", "release.ready"]})
    assert answer.status_code == 201, answer.json()
    return answer.json()


def announce(study: Study, event: str = "run.finished") -> Delivery | None:
    webhooks.announce(study_slug=study.slug, event=event, payload={"run": 7, "note": "schön"})
    return Delivery.objects.order_by("-created_at").first()


def make_due(delivery: Delivery) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(next_attempt_at=timezone.now())


def test_a_message_is_signed_with_the_secret_that_was_shown_once(
    study: Study, receiver: Receiver, client: JSONClient, path: str, hook: Any
) -> None:
    delivery = announce(study)
    assert delivery is not None
    assert webhooks.deliver_due() == 1
    ((target, headers, body),) = receiver.requests
    assert target == "/hook?from=roiqa"
    assert json.loads(body) == {
        "id": str(delivery.pk),
        "event": "run.finished",
        "study": study.slug,
        "created_at": delivery.created_at.isoformat(),
        "data": {"run": 7, "note": "schön"},
    }
    assert (headers["X-ROIQA-Event"], headers["X-ROIQA-Delivery"]) == ("run.finished", str(delivery.pk))
    stamp, signed = (part.split("=", 1)[1] for part in headers["X-ROIQA-Signature"].split(","))
    expected = hmac.new(hook["secret"].encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(signed, expected)
    assert abs(int(stamp) - time.time()) < 60
    listed = client.get(path).json()["results"]
    assert [set(row) for row in listed] == [{"id", "url", "events", "created_by", "created_at"}]
    assert hook["secret"] not in json.dumps(listed)
    shown = client.get(f"{path}{hook['id']}/deliveries/").json()["results"]
    assert [(row["state"], row["attempts"], row["status"]) for row in shown] == [("delivered", 1, 200)]
    assert webhooks.deliver_due() == 0


def test_no_table_holds_the_secret_and_each_webhook_has_its_own(study: Study, hook: Any, admin: User) -> None:
    other = webhooks.add_webhook(
        study_slug=study.slug, url="https://lab.example.org/", events=["release.ready"], user_id=admin.pk
    )
    assert webhooks.secret_of(other) != hook["secret"]
    rows = [*Webhook.objects.values(), *AuditEvent.objects.values()]
    assert hook["secret"].removeprefix("whsec_") not in repr(rows)


def test_what_is_rolled_back_is_not_told_and_others_are_not_told_of_it(
    study: Study, receiver: Receiver, hook: Any
) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        announce(study)
        raise ZeroDivisionError
    assert announce(study, "model.promoted") is None, "it does not listen to that"
    webhooks.announce(study_slug="another", event="run.finished", payload={})
    assert webhooks.deliver_due() == 0
    assert not receiver.requests


def test_a_refused_message_is_sent_again_with_longer_waits_until_it_is_given_up(
    study: Study, receiver: Receiver, client: JSONClient, path: str, hook: Any
) -> None:
    tries = len(webhooks.BACKOFF) + 1
    receiver.answers = [(500, {})] * tries
    delivery = announce(study)
    assert delivery is not None
    waits: list[float] = []
    for _ in range(tries):
        make_due(delivery)
        begun = timezone.now()
        assert webhooks.deliver_due() == 1
        delivery.refresh_from_db()
        if delivery.next_attempt_at is not None:
            waits.append((delivery.next_attempt_at - begun).total_seconds())
    assert [round(one, -1) for one in waits] == [one.total_seconds() for one in webhooks.BACKOFF]
    assert waits == sorted(waits)
    assert delivery.state == "failed"
    assert len({headers["X-ROIQA-Delivery"] for _, headers, _ in receiver.requests}) == 1, (
        "the receiver knows it by its id"
    )
    shown = client.get(f"{path}{hook['id']}/deliveries/").json()["results"][0]
    assert (shown["attempts"], shown["status"]) == (tries, 500)
    assert "500" in shown["error"]
    retry = f"{path}{hook['id']}/deliveries/{delivery.pk}/retry/"
    assert client.post(retry).json()["state"] == "pending"
    assert webhooks.deliver_due() == 1
    delivery.refresh_from_db()
    assert delivery.state == "delivered"
    assert client.post(retry).json()["code"] == "delivery_not_failed"


def test_a_redirect_is_a_refusal(study: Study, receiver: Receiver, hook: Any) -> None:
    receiver.answers = [(302, {"Location": f"http://{receiver.host}/elsewhere"})]
    delivery = announce(study)
    assert delivery is not None
    webhooks.deliver_due()
    delivery.refresh_from_db()
    assert len(receiver.requests) == 1
    assert delivery.state == "pending"
    assert "redirects are not followed" in delivery.attempts[0]["error"]


def test_a_test_is_tried_once(study: Study, receiver: Receiver, client: JSONClient, path: str, hook: Any) -> None:
    receiver.answers = [(404, {})]
    sent = client.post(f"{path}{hook['id']}/test/")
    assert (sent.status_code, sent.json()["event"]) == (202, "test")
    assert webhooks.deliver_due() == 1
    assert Delivery.objects.get(pk=sent.json()["id"]).state == "failed"
    assert json.loads(receiver.requests[0][2])["event"] == "test"


def test_a_worker_that_dies_while_sending_leaves_it_to_be_sent_again(
    study: Study, receiver: Receiver, hook: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = announce(study)
    assert delivery is not None

    def dies(*_: Any, **__: Any) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(outgoing, "post", dies)
        with pytest.raises(KeyboardInterrupt):
            webhooks.deliver(str(delivery.pk))
    assert webhooks.deliver_due() == 0, "nobody else sends what may still be on its way"
    Delivery.objects.filter(pk=delivery.pk).update(next_attempt_at=timezone.now() - timedelta(seconds=1))
    assert webhooks.deliver_due() == 1
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://lab.example.org/",
        "ftp://lab.example.org/",
        "file:///etc/passwd",
        "gopher://lab.example.org/",
        "https://",
        "https://user:password@lab.example.org/",
        "https://lab.example.org/\r\nX-Evil: 1",
        "https://lab.example.org:99999/",
        "https://localhost/",
        "https://db/",
        "https://metadata.google.internal/",
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[fe80::1]/",
        "https://[fd00::1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://100.64.0.1/",
        "https://192.168.1.1/",
    ],
)
def test_an_address_that_must_not_be_called_is_refused_at_once(client: JSONClient, path: str, url: str) -> None:
    answer = client.post(path, {"url": url, "events": ["release.ready"]})
    assert answer.status_code == 422, url
    assert "url" in answer.json()["fields"]
    assert not Webhook.objects.exists()


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "017700000001"])
def test_odd_ways_to_write_this_machine_are_found_when_the_name_is_resolved(host: str) -> None:
    with pytest.raises(outgoing.NotSent, match="not on the open internet"):
        outgoing.post(f"https://{host}/", body=b"", headers={})


def test_the_name_is_resolved_once_and_every_answer_must_be_public(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def rebinding(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        address = "93.184.215.14" if len(asked) > 1 else "127.0.0.1"
        public = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", port))
        return [public, (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with pytest.raises(outgoing.NotSent, match="not on the open internet"):
        outgoing.post("https://lab.example.org/", body=b"", headers={})
    connected: list[Any] = []

    def connect(address: Any, *_: Any, **__: Any) -> Any:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(outgoing.NotSent, match="could not be reached"):
        outgoing.post("https://lab.example.org/", body=b"", headers={})
    assert (asked, connected) == (["lab.example.org"] * 2, [("93.184.215.14", 443)])


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("::ffff:8.8.8.8", True),
        ("::ffff:10.0.0.1", False),
        ("2002:7f00:1::", False),
        ("64:ff9b::a00:1", False),
        ("198.18.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("ff02::1", False),
        ("::", False),
    ],
)
def test_public_addresses(address: str, public: bool) -> None:
    assert outgoing.is_public(ipaddress.ip_address(address)) is public


def test_a_receiver_that_is_not_there_is_said_to_be_unreachable(study: Study, receiver: Receiver, hook: Any) -> None:
    receiver.server.socket.close()
    delivery = announce(study)
    assert delivery is not None
    webhooks.deliver_due()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts[0]["status"]) == ("pending", None)
    assert "could not be reached" in delivery.attempts[0]["error"]


def test_one_that_answers_a_byte_at_a_time_is_given_up(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(outgoing, "LONGEST_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        host = f"127.0.0.1:{server.getsockname()[1]}"
        settings.WEBHOOK_ALLOWED_HOSTS = [host]
        with pytest.raises(outgoing.NotSent):
            outgoing.post(f"http://{host}/", body=b"{}", headers={})


def test_a_study_has_a_bounded_number_of_them_and_they_can_be_removed(
    study: Study, client: JSONClient, path: str, admin: User
) -> None:
    body = {"url": "https://lab.example.org/", "events": ["release.ready"]}
    for _ in range(webhooks.MOST_PER_STUDY):
        last = client.post(path, body).json()
    assert client.post(path, body).status_code == 422
    assert client.post(path, {**body, "events": ["test"]}).status_code == 400
    assert client.delete(f"{path}{last['id']}/").status_code == 204
    assert client.delete(f"{path}{last['id']}/").status_code == 404
    assert client.post(path, body).status_code == 201
    assert AuditEvent.objects.filter(action="webhook_removed", actor=admin, target=last["id"]).exists()

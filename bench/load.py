"""The load generator: annotators in a closed loop (claim, submit, claim, ...), one thread and one connection each.

It runs in a process of its own, with the standard library only, so that it takes little of the two cores and none of
the server's lock. Reads a JSON job on standard input, writes the times on standard output.
"""

import json
import sys
import threading
import time
import uuid
from dataclasses import asdict, dataclass, field
from http.client import HTTPConnection
from typing import Any

ANSWER = json.dumps(
    {
        "distortions": {
            "exposure": 5, "noise": 3, "blur": 2, "contrast": 5, "colorfulness": 5, "compression": 4,
        },
        "quality": 2,
        "importance": 3,
        "telemetry": {
            "visible_ms": 18250, "zoom": 2, "viewport": [1440, 900], "device_pixel_ratio": 2,
            "fields": dict.fromkeys(("exposure", "noise", "blur", "contrast", "quality", "importance"), 1500),
        },
    }
).encode()  # fmt: skip


@dataclass(kw_only=True)
class Job:
    """What to do. Paths hold `{slug}` and `{assignment}`; a client stops after `loops` or when nothing is left."""

    host: str
    port: int
    slug: str
    tokens: list[str]
    loops: int
    warm_up: int = 0
    seconds: float = 60.0
    submits: bool = True
    claim_path: str = "/api/v1/studies/{slug}/assignments/"
    submit_path: str = "/api/v1/assignments/{assignment}/rating/"


@dataclass
class Times:
    """Milliseconds of every request after the warm-up, and what was answered otherwise."""

    claim: list[float] = field(default_factory=list)
    submit: list[float] = field(default_factory=list)
    nothing_left: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    seconds: float = 0.0


def annotate(job: Job, token: str, times: Times, deadline: float) -> None:
    connection = HTTPConnection(job.host, job.port, timeout=60)
    headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}

    def post(path: str, body: bytes, **more: str) -> tuple[int, bytes, float]:
        began = time.perf_counter()
        connection.request("POST", path, body=body, headers=headers | more)
        response = connection.getresponse()
        content = response.read()
        return response.status, content, (time.perf_counter() - began) * 1000

    held: list[str] = []
    for number in range(job.warm_up + job.loops):
        if time.perf_counter() > deadline:
            break
        counts = number >= job.warm_up
        status, content, took = post(job.claim_path.format(slug=job.slug), json.dumps({"exclude": held}).encode())
        if status == 204:
            times.nothing_left.extend([took] * counts)
            continue
        if status not in {200, 201}:
            times.refused.append(f"claim {status} {content[:200]!r}")
            break
        times.claim.extend([took] * counts)
        if not job.submits:
            continue
        assignment = json.loads(content)["id"]
        path = job.submit_path.format(assignment=assignment)
        status, content, took = post(path, ANSWER, **{"Idempotency-Key": str(uuid.uuid4())})
        if status not in {200, 201}:
            times.refused.append(f"submit {status} {content[:200]!r}")
            break
        times.submit.extend([took] * counts)
    connection.close()


def main() -> None:
    job = Job(**json.load(sys.stdin))
    sys.setswitchinterval(0.0005)
    times = Times()
    began = time.perf_counter()
    threads: list[threading.Thread] = []
    for token in job.tokens:
        arguments: tuple[Any, ...] = (job, token, times, began + job.seconds)
        threads.append(threading.Thread(target=annotate, args=arguments))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times.seconds = time.perf_counter() - began
    json.dump(asdict(times), sys.stdout)


if __name__ == "__main__":
    main()

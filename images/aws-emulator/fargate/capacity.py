"""The sandbox's switch for what AWS does to people: no capacity, and Spot interruptions.

`GET /_fargate/capacity`
`PUT /_fargate/capacity` with `{"FARGATE_SPOT": {"reason": "Capacity is unavailable at this time", "times": 2}}`;
`times` left out means until taken back, with `{"FARGATE_SPOT": null}`.
`POST /_fargate/interrupt` with `{"task": "<ARN>", "seconds": 2}`: SIGTERM at once, SIGKILL after so many seconds.
"""

import json
import threading

from fargate.runtime.task_run import RUNS

PREFIX = "/_fargate/"
WARNING_SECONDS = 120
"""What Spot gives between the warning and the end."""


class Capacity:
    """Reasons for which a provider has no capacity at present."""

    def __init__(self):
        self._refusals: dict[str, dict] = {}
        self._lock = threading.Lock()

    def refusal(self, provider: str) -> str | None:
        """The reason why the next task on this provider cannot be placed, if there is one."""
        with self._lock:
            refusal = self._refusals.get(provider)
            if refusal is None:
                return None
            if refusal.get("times") is not None:
                refusal["times"] -= 1
                if refusal["times"] <= 0:
                    del self._refusals[provider]
            return refusal["reason"]

    def change(self, wanted: dict) -> None:
        """Take over the switch's new positions."""
        with self._lock:
            for provider, refusal in wanted.items():
                if refusal:
                    self._refusals[provider] = {"reason": refusal["reason"], "times": refusal.get("times")}
                else:
                    self._refusals.pop(provider, None)

    def show(self) -> dict:
        with self._lock:
            return dict(self._refusals)


CAPACITY = Capacity()


def interrupt(arn: str, seconds: float) -> bool:
    """Interrupt a task on Spot; False when there is no such task running on it."""
    run = RUNS.get(arn)
    if run is None or run.stopping or run.record.get("capacityProviderName") != "FARGATE_SPOT":
        return False
    run.request_stop("SpotInterruption", "Your Spot Task was interrupted.", grace=seconds)
    return True


def respond(method: str, path: str, body: bytes) -> tuple[int, bytes]:
    """Status and body of the switch's HTTP paths."""
    try:
        data = json.loads(body or b"{}")
        if (method, path) == ("PUT", f"{PREFIX}capacity"):
            CAPACITY.change(data)
        elif (method, path) == ("POST", f"{PREFIX}interrupt"):
            if not interrupt(data["task"], float(data.get("seconds", WARNING_SECONDS))):
                return 404, b'{"message": "no such task running on FARGATE_SPOT"}'
        elif (method, path) != ("GET", f"{PREFIX}capacity"):
            return 404, b'{"message": "PUT or GET /_fargate/capacity, POST /_fargate/interrupt"}'
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return 400, json.dumps({"message": f"not understood: {error!r}"}).encode()
    return 200, json.dumps(CAPACITY.show()).encode()

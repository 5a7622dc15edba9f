"""Switches for Fargate's capacity and for Spot interruptions."""

import threading

from fargate.errors import client_error
from fargate.runtime.task_run import RUNS

WARNING_SECONDS = 120
"""Time between Spot's warning and the end of the task."""


class Capacity:
    """Current refusals by capacity provider."""

    def __init__(self):
        self._refusals: dict[str, dict] = {}
        self._lock = threading.Lock()

    def refusal(self, provider: str) -> str | None:
        """
        Return why the next task on this provider cannot be placed, or None.

        With `error` it raises an error for the whole call instead: AWS reports quotas in both ways.
        """
        with self._lock:
            refusal = self._refusals.get(provider)
            if refusal is None:
                return None
            if refusal["times"] is not None:
                refusal["times"] -= 1
                if refusal["times"] <= 0:
                    del self._refusals[provider]
        if refusal["error"]:
            raise client_error(refusal["reason"])
        return refusal["reason"]

    def change(self, requested: dict) -> None:
        """Change refusals: `{provider: {reason, times?, error?} | null}`."""
        changes = {provider: refusal and {"reason": refusal["reason"], "times": refusal.get("times"),
                                          "error": bool(refusal.get("error"))}
                   for provider, refusal in requested.items()}
        with self._lock:
            self._refusals = {provider: refusal for provider, refusal in {**self._refusals, **changes}.items()
                              if refusal}

    def show(self) -> dict:
        """The current refusals."""
        with self._lock:
            return dict(self._refusals)


CAPACITY = Capacity()


def interrupt(arn: str, seconds: float) -> bool:
    """Interrupt a Spot task. False if no such task is running on Spot."""
    run = RUNS.get(arn)
    if run is None or run.stopping or run.record.get("capacityProviderName") != "FARGATE_SPOT":
        return False
    run.request_stop("SpotInterruption", "Your Spot Task was interrupted.", seconds)
    return True

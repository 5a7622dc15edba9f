"""Whether Fargate has room at present, and Spot interruptions: what the sandbox's switches set."""

import threading

from fargate.errors import client_error
from fargate.runtime.task_run import RUNS

WARNING_SECONDS = 120
"""What Spot gives between the warning and the end."""


class Capacity:
    """Reasons for which a provider has no capacity at present."""

    def __init__(self):
        self._refusals: dict[str, dict] = {}
        self._lock = threading.Lock()

    def refusal(self, provider: str) -> str | None:
        """
        The reason why the next task on this provider cannot be placed, if there is one.

        Where the switch says so, it is an error of the whole call instead: AWS tells quotas either way.
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

    def change(self, wanted: dict) -> None:
        """Take over the switch's new positions: `{provider: {reason, times?, error?} | null}`."""
        changes = {provider: refusal and {"reason": refusal["reason"], "times": refusal.get("times"),
                                          "error": bool(refusal.get("error"))}
                   for provider, refusal in wanted.items()}
        with self._lock:
            self._refusals = {provider: refusal for provider, refusal in {**self._refusals, **changes}.items()
                              if refusal}

    def show(self) -> dict:
        """The positions at present."""
        with self._lock:
            return dict(self._refusals)


CAPACITY = Capacity()


def interrupt(arn: str, seconds: float) -> bool:
    """Interrupt a task on Spot; False when there is no such task running on it."""
    run = RUNS.get(arn)
    if run is None or run.stopping or run.record.get("capacityProviderName") != "FARGATE_SPOT":
        return False
    run.request_stop("SpotInterruption", "Your Spot Task was interrupted.", seconds)
    return True

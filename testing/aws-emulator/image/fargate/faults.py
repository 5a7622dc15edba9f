"""Faults that a client of ECS has to live with: throttling, reads that lag behind writes, and small disks."""

import functools
import threading

from fargate.errors import AwsError, aws_action
from fargate.rates import RATES


class Faults:
    """How many calls of an action are throttled next, and for how long a new task is not yet seen."""

    def __init__(self):
        self._throttled: dict[str, int] = {}
        self._lock = threading.Lock()
        self.lag_seconds = 0.0
        self.disk_mib: int | None = None
        """MiB of each volume of a new task; none: as much as the host has."""
        self.denied: dict[str, list[str]] = {}
        """By action, ARNs of execution roles in whose name ECS itself may not do it."""
        self.stop_keeps_tags = False
        """Whether StopTask leaves a task's tags. Its own reference says that it deletes them; DescribeTasks' reads otherwise."""

    def throttle(self, counts: dict) -> None:
        """Throttle the next so many calls of each action: `{"RunTask": 2}`."""
        with self._lock:
            self._throttled.update({action: int(count) for action, count in counts.items()})

    def take(self, action: str) -> bool:
        """Whether this call is one of those to be throttled."""
        with self._lock:
            left = self._throttled.get(action, 0)
            self._throttled[action] = max(0, left - 1)
            return left > 0

    def show(self) -> dict:
        """The faults at present."""
        with self._lock:
            return {"throttle": {action: left for action, left in self._throttled.items() if left},
                    "lagSeconds": self.lag_seconds, "diskMib": self.disk_mib, "stopKeepsTags": self.stop_keeps_tags,
                    "denied": self.denied}


FAULTS = Faults()


@aws_action
def _rate_exceeded(_data):
    raise AwsError("ThrottlingException", "Rate exceeded")


def throttled(action: str, handler):
    """The handler of an action, behind the switch and the account's rates."""

    @functools.wraps(handler)
    def answer(data):
        if FAULTS.take(action) or not RATES.take(action, data):
            return _rate_exceeded(data)
        return handler(data)

    return answer

"""Switchable faults: throttling, reads that lag behind writes, small disks, denied calls."""

import functools
import threading

from fargate.errors import AwsError, aws_action
from fargate.rates import RATES
from fargate.settings import SETTINGS


class Faults:
    """The current faults."""

    def __init__(self):
        self._throttled: dict[str, int] = {}
        self._lock = threading.Lock()
        self.lag_seconds = 0.0
        self.disk_mib: int | None = None
        """MiB of each volume of a new task; None: no limit."""
        self.denied: dict[str, list[str]] = {}
        """ARNs of execution roles by action that ECS may not perform for them."""
        self.stopped_kept_seconds = SETTINGS.stopped_kept_seconds
        """How long ECS lists a stopped task."""
        self.stop_keeps_tags = False
        """Whether StopTask keeps a task's tags. Its reference says that it deletes them; that of DescribeTasks suggests otherwise."""

    def throttle(self, counts: dict) -> None:
        """Throttle the next calls of actions: `{"RunTask": 2}`."""
        with self._lock:
            self._throttled.update({action: int(count) for action, count in counts.items()})

    def take(self, action: str) -> bool:
        """Count a call; True if it must be throttled."""
        with self._lock:
            left = self._throttled.get(action, 0)
            self._throttled[action] = max(0, left - 1)
            return left > 0

    def show(self) -> dict:
        """The current faults."""
        with self._lock:
            return {"throttle": {action: left for action, left in self._throttled.items() if left},
                    "lagSeconds": self.lag_seconds, "diskMib": self.disk_mib,
                    "stoppedKeptSeconds": self.stopped_kept_seconds, "stopKeepsTags": self.stop_keeps_tags,
                    "denied": self.denied}


FAULTS = Faults()


@aws_action
def _rate_exceeded(_data):
    raise AwsError("ThrottlingException", "Rate exceeded")


def throttled(action: str, handler):
    """Wrap the handler of an action with the throttling switch and the account's request rates."""

    @functools.wraps(handler)
    def answer(data):
        if FAULTS.take(action) or not RATES.take(action, data):
            return _rate_exceeded(data)
        return handler(data)

    return answer

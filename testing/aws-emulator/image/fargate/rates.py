"""AWS's documented request rates for ECS per account and region, as token buckets.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/throttling.html
"""

import contextvars
import threading
import time
from dataclasses import dataclass, field

EXEMPT_ACCESS_KEY = "equipment"
"""Access key of calls that only observe the system under test."""

CALLER = contextvars.ContextVar("caller", default="")
"""Access key of the current request."""


@dataclass
class Bucket:
    """A token bucket. `lowest` is its lowest level so far."""

    burst: float
    per_second: float
    level: float = field(init=False)
    lowest: float = field(init=False)
    taken: int = 0
    refused: int = 0
    _at: float = field(default_factory=time.monotonic)

    def __post_init__(self):
        self.level = self.lowest = self.burst

    def refill(self) -> None:
        """Add the tokens since the last refill."""
        now = time.monotonic()
        self.level = min(self.burst, self.level + (now - self._at) * self.per_second)
        self._at = now

    def show(self) -> dict:
        """The current state."""
        self.refill()
        return {"burst": self.burst, "perSecond": self.per_second, "level": round(self.level, 1),
                "lowest": round(self.lowest, 1), "taken": self.taken, "refused": self.refused}


DOCUMENTED = {
    "reads": (100, 20),
    "tasks": (100, 40),
    "runTaskCalls": (20, 20),
    "onDemandTasks": (100, 20),
    "spotTasks": (100, 20),
    "taskDefinitions": (20, 1),
    "deletedTaskDefinitions": (5, 1),
    "tags": (20, 10),
}

_BY_ACTION = {
    "DescribeTasks": ["reads"],
    "ListTasks": ["reads"],
    "RunTask": ["tasks", "runTaskCalls"],
    "StopTask": ["tasks"],
    "ExecuteCommand": ["tasks"],
    "RegisterTaskDefinition": ["taskDefinitions"],
    "DeregisterTaskDefinition": ["taskDefinitions"],
    "DeleteTaskDefinitions": ["deletedTaskDefinitions"],
    "TagResource": ["tags"],
}


class Rates:
    """The account's buckets. A call takes tokens from all of its buckets or from none."""

    def __init__(self):
        self._lock = threading.Lock()
        self.buckets = {name: Bucket(burst, per_second) for name, (burst, per_second) in DOCUMENTED.items()}

    def take(self, action: str, data: dict) -> bool:
        """Take the tokens of a call; False if it must be throttled."""
        if CALLER.get() == EXEMPT_ACCESS_KEY:
            return True
        amounts = self._amounts(action, data)
        with self._lock:
            for name in amounts:
                self.buckets[name].refill()
            passes = all(self.buckets[name].level >= amount for name, amount in amounts.items())
            for name, amount in amounts.items():
                bucket = self.buckets[name]
                if passes:
                    bucket.level -= amount
                    bucket.lowest = min(bucket.lowest, bucket.level)
                    bucket.taken += 1
                else:
                    bucket.refused += 1
        return passes

    def _amounts(self, action: str, data: dict) -> dict:
        amounts = dict.fromkeys(_BY_ACTION.get(action, []), 1)
        if action == "RunTask":
            strategy = data.get("capacityProviderStrategy") or [{}]
            spot = strategy[0].get("capacityProvider") == "FARGATE_SPOT"
            amounts["spotTasks" if spot else "onDemandTasks"] = int(data.get("count") or 1)
        return amounts

    def change(self, seconds: dict) -> None:
        """Empty buckets, so that they pass no calls for the given seconds: `{"reads": 10}`."""
        with self._lock:
            for name, length in seconds.items():
                bucket = self.buckets[name]
                bucket.refill()
                bucket.level = 1 - float(length) * bucket.per_second

    def reset(self) -> None:
        """Fill all buckets and reset their counts."""
        with self._lock:
            for name, (burst, per_second) in DOCUMENTED.items():
                self.buckets[name] = Bucket(burst, per_second)

    def show(self) -> dict:
        """The state of each bucket."""
        with self._lock:
            return {name: bucket.show() for name, bucket in self.buckets.items()}


RATES = Rates()


def access_key_of(headers) -> str:
    """The access key in a request's `Authorization` header; empty if the request is not signed."""
    authorization = dict(headers).get(b"authorization", b"").decode("latin-1")
    _, found, rest = authorization.partition("Credential=")
    return rest.split("/", 1)[0] if found else ""

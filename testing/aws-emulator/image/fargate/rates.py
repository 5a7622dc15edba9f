"""AWS's request rates for ECS, of an account and region: token buckets, as its documents have them.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/throttling.html
"""

import contextvars
import threading
import time
from dataclasses import dataclass, field

EXEMPT_ACCESS_KEY = "equipment"
"""Calls signed with this access key watch the system under test and are not part of it."""

CALLER = contextvars.ContextVar("caller", default="")
"""Access key of the request that is being answered."""


@dataclass
class Bucket:
    """Tokens that calls take; `lowest` is the fewest that were ever left."""

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
        """Add what has come since the last look."""
        now = time.monotonic()
        self.level = min(self.burst, self.level + (now - self._at) * self.per_second)
        self._at = now

    def show(self) -> dict:
        """How it stands."""
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
    """The buckets. What one call takes is taken of all of its buckets, or of none."""

    def __init__(self):
        self._lock = threading.Lock()
        self.buckets = {name: Bucket(burst, per_second) for name, (burst, per_second) in DOCUMENTED.items()}

    def take(self, action: str, data: dict) -> bool:
        """Whether the call may pass."""
        if CALLER.get() == EXEMPT_ACCESS_KEY:
            return True
        wanted = self._wanted(action, data)
        with self._lock:
            for name in wanted:
                self.buckets[name].refill()
            passes = all(self.buckets[name].level >= amount for name, amount in wanted.items())
            for name, amount in wanted.items():
                bucket = self.buckets[name]
                if passes:
                    bucket.level -= amount
                    bucket.lowest = min(bucket.lowest, bucket.level)
                    bucket.taken += 1
                else:
                    bucket.refused += 1
        return passes

    def _wanted(self, action: str, data: dict) -> dict:
        wanted = dict.fromkeys(_BY_ACTION.get(action, []), 1)
        if action == "RunTask":
            strategy = data.get("capacityProviderStrategy") or [{}]
            spot = strategy[0].get("capacityProvider") == "FARGATE_SPOT"
            wanted["spotTasks" if spot else "onDemandTasks"] = int(data.get("count") or 1)
        return wanted

    def change(self, seconds: dict) -> None:
        """Empty buckets, so that they take nothing for so many seconds: `{"reads": 10}`."""
        with self._lock:
            for name, length in seconds.items():
                bucket = self.buckets[name]
                bucket.refill()
                bucket.level = 1 - float(length) * bucket.per_second

    def reset(self) -> None:
        """Full buckets, and counts from zero."""
        with self._lock:
            for name, (burst, per_second) in DOCUMENTED.items():
                self.buckets[name] = Bucket(burst, per_second)

    def show(self) -> dict:
        """Each bucket, and what was taken of it."""
        with self._lock:
            return {name: bucket.show() for name, bucket in self.buckets.items()}


RATES = Rates()


def access_key_of(headers) -> str:
    """The access key in a signed request's `Authorization` header; empty where it is not signed."""
    authorization = dict(headers).get(b"authorization", b"").decode("latin-1")
    _, found, rest = authorization.partition("Credential=")
    return rest.split("/", 1)[0] if found else ""

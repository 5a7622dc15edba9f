"""`clientToken`: repeating a call starts nothing; a different call with the same token is a conflict.

Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html
"""

import contextlib
import json
import threading
import time
from dataclasses import dataclass, field

from ministack.services import ecs

from fargate.api.lookup import epoch
from fargate.errors import AwsError

MAX_LIFETIME = 24 * 3600
"""Seconds that a token is kept; at most twice the lifetime of its tasks."""


@dataclass
class Reservation:
    """Parameters of a token's first call, and the tasks that it started."""

    parameters: str = ""
    task_arns: list[str] = field(default_factory=list)
    made_at: float = field(default_factory=time.time)


class ClientTokens:
    """Tokens by cluster. Calls with a token are serialised."""

    def __init__(self):
        self._kept: dict[tuple[str, str], Reservation] = {}
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def reserve(self, cluster_arn: str, data: dict):
        """Yield the token's reservation, without tasks for the first call. Raises ConflictException."""
        token = data.get("clientToken")
        if not token:
            yield Reservation()
            return
        with self._lock:
            key, parameters = (cluster_arn, token), json.dumps(data, sort_keys=True)
            kept = self._kept.get(key)
            if kept and _is_expired(kept):
                kept = None
            if kept and kept.parameters != parameters:
                raise AwsError("ConflictException",
                               "The RunTask request could not be processed due to conflicts. The provided clientToken "
                               "is already in use with a different RunTask request.", resourceIds=kept.task_arns)
            reservation = kept or Reservation(parameters)
            yield reservation
            if reservation.task_arns:
                self._kept[key] = reservation

    def clear(self) -> None:
        """Forget all tokens."""
        with self._lock:
            self._kept.clear()


def _is_expired(reservation: Reservation) -> bool:
    age = time.time() - reservation.made_at
    lives = [_twice_the_lifetime(ecs._tasks.get(arn)) for arn in reservation.task_arns]
    return age > min(MAX_LIFETIME, max(lives, default=0))


def _twice_the_lifetime(record: dict | None) -> float:
    if record is None:
        return 0
    if not record.get("stoppedAt"):
        return MAX_LIFETIME
    return 2 * (epoch(record["stoppedAt"]) - epoch(record["createdAt"]))


CLIENT_TOKENS = ClientTokens()

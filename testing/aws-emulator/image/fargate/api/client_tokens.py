"""`clientToken`: the same call again starts nothing, another call with the token is a conflict.

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
"""Seconds a token is kept; less for tasks that lived short: twice their life."""


@dataclass
class Reservation:
    """What a token stands for: the parameters of its first call, and the tasks that call started."""

    parameters: str = ""
    task_arns: list[str] = field(default_factory=list)
    made_at: float = field(default_factory=time.time)


class ClientTokens:
    """Tokens by cluster. One call with a token at a time."""

    def __init__(self):
        self._kept: dict[tuple[str, str], Reservation] = {}
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def reserve(self, cluster_arn: str, data: dict):
        """The token's reservation, its tasks empty when the call is the first. Raises ConflictException."""
        token = data.get("clientToken")
        if not token:
            yield Reservation()
            return
        with self._lock:
            key, parameters = (cluster_arn, token), json.dumps(data, sort_keys=True)
            kept = self._kept.get(key)
            if kept and _is_over(kept):
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


def _is_over(reservation: Reservation) -> bool:
    age = time.time() - reservation.made_at
    lives = [_twice_the_life(ecs._tasks.get(arn)) for arn in reservation.task_arns]
    return age > min(MAX_LIFETIME, max(lives, default=0))


def _twice_the_life(record: dict | None) -> float:
    if record is None:
        return 0
    if not record.get("stoppedAt"):
        return MAX_LIFETIME
    return 2 * (epoch(record["stoppedAt"]) - epoch(record["createdAt"]))


CLIENT_TOKENS = ClientTokens()

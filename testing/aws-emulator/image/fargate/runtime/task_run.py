"""State of a task: ECS's record and its Docker objects."""

import threading
import time
from dataclasses import dataclass, field

from ministack.core.responses import now_iso

from fargate.runtime.events import emit_task_state

DEFAULT_STOP_TIMEOUT = 30
"""Seconds between SIGTERM and SIGKILL without a `stopTimeout` (Fargate's default)."""


@dataclass
class ContainerRun:
    """One container of a task: its definition merged with overrides, its record, its Docker object."""

    definition: dict
    record: dict
    docker: object = None
    started: bool = False
    exited: bool = False
    exit_code: int | None = None
    health: str = "UNKNOWN"
    log_thread: threading.Thread | None = None
    metadata_token: str = ""

    @property
    def name(self) -> str:
        return self.definition["name"]

    @property
    def essential(self) -> bool:
        return bool(self.definition.get("essential", True))

    @property
    def stop_timeout(self) -> int:
        value = self.definition.get("stopTimeout")
        return DEFAULT_STOP_TIMEOUT if value is None else int(value)


@dataclass
class TaskRun:
    """One task. `changed` guards its state and is notified on every change."""

    record: dict
    definition: dict
    overrides: dict
    account: str
    region: str
    containers: list[ContainerRun]
    changed: threading.Condition = field(default_factory=lambda: threading.Condition(threading.RLock()))
    stop_deadline: float | None = None
    """`time.monotonic()` at which all containers are killed, regardless of their `stopTimeout`s."""
    pause: object = None
    volumes: dict = field(default_factory=dict)
    credentials_in_environment: bool = False

    @property
    def arn(self) -> str:
        return self.record["taskArn"]

    @property
    def task_id(self) -> str:
        return self.arn.rsplit("/", 1)[-1]

    @property
    def role_arn(self) -> str:
        return self.overrides.get("taskRoleArn") or self.definition.get("taskRoleArn") or ""

    @property
    def stopping(self) -> bool:
        return self.record["desiredStatus"] == "STOPPED"

    def container(self, name: str) -> ContainerRun:
        """The container of that name, which the task definition's rules guarantee to exist."""
        return next(container for container in self.containers if container.name == name)

    def move(self, last_status: str, **fields) -> None:
        """Change `lastStatus` and other members in one observable change, with a new version and an event."""
        with self.changed:
            self.record.update(fields, lastStatus=last_status)
            self.announce()

    def announce(self) -> None:
        """Increment the version and put the change on the bus."""
        with self.changed:
            self.record["version"] += 1
            self.record["updatedAt"] = now_iso()
            emit_task_state(self)
            self.changed.notify_all()

    def request_stop(self, code: str, reason: str, seconds: float | None = None) -> None:
        """Request the stop, once; the task's worker carries it out. `seconds`: deadline for all containers."""
        with self.changed:
            if self.stopping:
                return
            self.stop_deadline = None if seconds is None else time.monotonic() + seconds
            self.record.update(desiredStatus="STOPPED", stopCode=code, stoppedReason=reason, stoppingAt=now_iso())
            self.announce()


class Runs:
    """All running and stopped tasks of this emulator, by ARN."""

    def __init__(self):
        self._runs: dict[str, TaskRun] = {}
        self._lock = threading.Lock()

    def add(self, run: TaskRun) -> None:
        with self._lock:
            self._runs[run.arn] = run

    def get(self, arn: str) -> TaskRun | None:
        with self._lock:
            return self._runs.get(arn)

    def all(self) -> list[TaskRun]:
        with self._lock:
            return list(self._runs.values())

    def forget(self, arn: str) -> None:
        with self._lock:
            self._runs.pop(arn, None)


RUNS = Runs()

"""Lookup of clusters, task definitions and tasks by name or ARN in MiniStack's stores."""

import datetime
import time

from ministack.services import ecs

from fargate.errors import client_error, cluster_not_found, invalid_parameter
from fargate.faults import FAULTS
from fargate.runtime.events import wire
from fargate.runtime.task_run import RUNS

_TIMES = {"createdAt", "startedAt", "stoppedAt", "stoppingAt", "pullStartedAt", "pullStoppedAt",
          "connectivityAt", "executionStoppedAt"}


def find_cluster(reference) -> dict:
    """The requested cluster (default `default`), which is never created implicitly."""
    name = ecs._resolve_cluster_name(reference or "default")
    cluster = ecs._clusters.get(name) if name else None
    if not cluster or cluster["status"] != "ACTIVE":
        raise cluster_not_found()
    return cluster


def resolve_definition(reference) -> dict | None:
    """A task definition of any status by family:revision or ARN; by family alone, the newest active one."""
    name = (reference or "").rsplit("/", 1)[-1]
    if ":" in name:
        return ecs._task_defs.get(ecs._resolve_td_key(reference))
    active = [definition for definition in ecs._task_defs.values()
              if definition["family"] == name and definition["status"] == "ACTIVE"]
    return max(active, key=lambda definition: definition["revision"], default=None)


def find_definition(reference) -> dict:
    """An active task definition by family, family:revision or ARN."""
    definition = resolve_definition(reference)
    if not definition:
        raise client_error("TaskDefinition not found.")
    if definition["status"] != "ACTIVE":
        raise client_error("TaskDefinition is inactive")
    return definition


def tasks_of(cluster: dict) -> list[dict]:
    """Records of a cluster's tasks. Forgets stopped tasks after the time that ECS lists them."""
    found = []
    for arn, record in ecs._tasks.items():
        if record["clusterArn"] != cluster["clusterArn"]:
            continue
        if _is_forgotten(record):
            ecs._tasks.pop(arn, None)
            ecs._tags.pop(arn, None)
            RUNS.forget(arn)
            continue
        found.append(record)
    return found


def visible_tasks(cluster: dict) -> list[dict]:
    """Tasks that reads return already, given the lag (see faults.py)."""
    newest = time.time() - FAULTS.lag_seconds
    return [record for record in tasks_of(cluster) if epoch(record["createdAt"]) <= newest]


def find_task(reference: str, records: list[dict]) -> dict | None:
    """A task by id or ARN."""
    task_id = reference.rsplit("/", 1)[-1]
    for record in records:
        if record["taskArn"] == reference or (":" not in reference and record["taskArn"].endswith(f"/{task_id}")):
            return record
    return None


def require_list(data: dict, field: str, limit: int) -> list:
    """A list parameter with 1 to `limit` entries."""
    values = data.get(field) or []
    if not values:
        raise invalid_parameter(f"{field} cannot be empty.")
    if len(values) > limit:
        raise invalid_parameter(f"{field} can have at most {limit} entries.")
    return values


def task_view(record: dict) -> dict:
    """A task as the API returns it: times in epoch seconds with milliseconds, no tags."""
    run = RUNS.get(record["taskArn"])
    if run is None:
        return {**_view(record), "tags": []}
    with run.changed:
        return {**_view(record), "tags": []}


def _view(record: dict) -> dict:
    view = wire(record)
    view.pop("updatedAt", None)
    for name in _TIMES & set(view):
        view[name] = epoch(view[name])
    return view


def epoch(iso: str) -> float:
    """Seconds since 1970 of an ISO 8601 time."""
    return datetime.datetime.fromisoformat(iso.replace("Z", "+00:00")).timestamp()


def _is_forgotten(record: dict) -> bool:
    stopped = record.get("stoppedAt") if record["lastStatus"] == "STOPPED" else None
    return bool(stopped) and time.time() - epoch(stopped) > FAULTS.stopped_kept_seconds

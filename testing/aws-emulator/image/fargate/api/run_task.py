"""RunTask on Fargate."""

import copy

from ministack.core.responses import get_account_id, get_region
from ministack.services import ecs

from fargate.api.client_tokens import CLIENT_TOKENS
from fargate.api.lookup import find_cluster, find_definition, task_view
from fargate.api.placement import choose_providers
from fargate.api.task_record import new_record
from fargate.capacity import CAPACITY
from fargate.errors import aws_action, invalid_parameter
from fargate.rules.run_task import check_run_task
from fargate.runtime.events import emit_task_state
from fargate.runtime.task_run import RUNS, ContainerRun, TaskRun
from fargate.runtime.worker import run_in_background


@aws_action
def run_task(data: dict) -> dict:
    """Start tasks, or return those that the same client token has already started."""
    cluster = find_cluster(data.get("cluster"))
    if not data.get("taskDefinition"):
        raise invalid_parameter("taskDefinition cannot be empty.")
    definition = find_definition(data["taskDefinition"])
    providers = choose_providers(data, cluster)
    check_run_task(data, definition)
    with CLIENT_TOKENS.reserve(cluster["clusterArn"], data) as reservation:
        if reservation.task_arns:
            return _started_before(reservation.task_arns)
        answer = _start(data, cluster, definition, providers)
        reservation.task_arns = [task["taskArn"] for task in answer["tasks"]]
        return answer


def _started_before(arns: list[str]) -> dict:
    return {"tasks": [task_view(ecs._tasks[arn]) for arn in arns if arn in ecs._tasks], "failures": []}


def _start(data: dict, cluster: dict, definition: dict, providers: list) -> dict:
    tasks, failures = [], []
    for provider in providers:
        refusal = CAPACITY.refusal(provider or "FARGATE")
        if refusal:
            failures.append({"reason": refusal})
            continue
        tasks.append(_start_one(data, cluster, definition, provider))
    ecs._recount_cluster(cluster["clusterName"])
    return {"tasks": tasks, "failures": failures}


def _start_one(data: dict, cluster: dict, definition: dict, provider: str | None) -> dict:
    record = new_record(data, cluster, definition, provider)
    overrides = record["overrides"]
    run = TaskRun(record=record, definition=copy.deepcopy(definition), overrides=overrides,
                  account=get_account_id(), region=get_region(), containers=_containers(record, definition, overrides))
    ecs._tasks[run.arn] = record
    tags = [*_propagated(data, definition), *(data.get("tags") or [])]
    if data.get("enableECSManagedTags"):
        tags.append({"key": "aws:ecs:clusterName", "value": cluster["clusterName"]})
    ecs._tags[run.arn] = tags
    RUNS.add(run)
    emit_task_state(run)
    view = {**task_view(record), "tags": tags}
    run_in_background(run)
    return view


def _propagated(data: dict, definition: dict) -> list:
    if data.get("propagateTags") != "TASK_DEFINITION":
        return []
    own = {tag["key"] for tag in data.get("tags") or []}
    return [tag for tag in ecs._tags.get(definition["taskDefinitionArn"], []) if tag["key"] not in own]


def _containers(record: dict, definition: dict, overrides: dict) -> list[ContainerRun]:
    by_name = {override["name"]: override for override in overrides.get("containerOverrides") or []}
    return [ContainerRun(definition=_merged(container, by_name.get(container["name"], {})), record=entry)
            for container, entry in zip(definition["containerDefinitions"], record["containers"], strict=True)]


def _merged(container: dict, override: dict) -> dict:
    """Merge a container definition with its override: variables are added, other fields are replaced."""
    merged = copy.deepcopy(container)
    for field in ("command", "cpu", "memory", "memoryReservation"):
        if override.get(field):
            merged[field] = override[field]
    variables = {pair["name"]: pair["value"] for pair in container.get("environment") or []}
    variables.update({pair["name"]: pair["value"] for pair in override.get("environment") or []})
    merged["environment"] = [{"name": name, "value": value} for name, value in variables.items()]
    return merged

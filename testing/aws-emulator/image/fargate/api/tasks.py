"""DescribeTasks, ListTasks and StopTask."""

from ministack.core.responses import get_account_id, get_region
from ministack.services import ecs

from fargate.api.lookup import (
    find_cluster,
    find_task,
    require_list,
    task_view,
    tasks_of,
    visible_tasks,
)
from fargate.errors import access_denied, aws_action, invalid_parameter
from fargate.faults import FAULTS
from fargate.runtime.task_run import RUNS

PAGE = 100


@aws_action
def describe_tasks(data: dict) -> dict:
    """Up to 100 tasks, with tags on request only. Unknown tasks are failures, not errors."""
    cluster = find_cluster(data.get("cluster"))
    with_tags = "TAGS" in (data.get("include") or [])
    records = visible_tasks(cluster)
    tasks, failures = [], []
    for reference in require_list(data, "tasks", PAGE):
        record = find_task(reference, records)
        if record is None:
            failures.append({"arn": _arn(reference, cluster), "reason": "MISSING"})
            continue
        view = task_view(record)
        view["tags"] = list(ecs._tags.get(record["taskArn"], [])) if with_tags else []
        tasks.append(view)
    return {"tasks": tasks, "failures": failures}


def _arn(reference: str, cluster: dict) -> str:
    if reference.startswith("arn:"):
        return reference
    return f"arn:aws:ecs:{get_region()}:{get_account_id()}:task/{cluster['clusterName']}/{reference}"


@aws_action
def list_tasks(data: dict) -> dict:
    """ARNs by desired status (default RUNNING) and family, or by `startedBy` alone."""
    cluster = find_cluster(data.get("cluster"))
    if data.get("startedBy") and any(data.get(field) for field in ("desiredStatus", "family", "serviceName")):
        raise invalid_parameter("startedBy must be the only filter: it can't be combined with desiredStatus, "
                                "family or serviceName.")
    if data.get("desiredStatus") not in (None, "", "RUNNING", "PENDING", "STOPPED"):
        raise invalid_parameter(f"desiredStatus '{data['desiredStatus']}' is not valid.")
    limit = int(data.get("maxResults") or PAGE)
    if not 1 <= limit <= PAGE:
        raise invalid_parameter(f"maxResults must be between 1 and {PAGE}.")
    arns = [record["taskArn"] for record in visible_tasks(cluster) if _matches(record, data)]
    start = _offset(data.get("nextToken"))
    page = {"taskArns": arns[start:start + limit]}
    if start + limit < len(arns):
        page["nextToken"] = str(start + limit)
    return page


def _matches(record: dict, data: dict) -> bool:
    """PENDING finds nothing: ECS only ever sets a desired status of RUNNING or STOPPED."""
    if record["desiredStatus"] != (data.get("desiredStatus") or "RUNNING"):
        return False
    if data.get("startedBy") and record.get("startedBy") != data["startedBy"]:
        return False
    if data.get("family") and f"/{data['family']}:" not in record["taskDefinitionArn"]:
        return False
    if data.get("launchType") and record.get("launchType") != data["launchType"]:
        return False
    return not data.get("serviceName") or record.get("group") == f"service:{data['serviceName']}"


def _offset(token) -> int:
    if token and not str(token).isdigit():
        raise invalid_parameter("Invalid token.")
    return int(token or 0)


@aws_action
def stop_task(data: dict) -> dict:
    """Set the desired status to STOPPED and answer at once. The containers stop afterwards."""
    cluster = find_cluster(data.get("cluster"))
    record = find_task(data.get("task") or "", tasks_of(cluster))
    if record is None:
        raise invalid_parameter("The referenced task was not found.")
    if len(data.get("reason") or "") > 1024:
        raise invalid_parameter("reason must be at most 1024 characters long.")
    run = RUNS.get(record["taskArn"])
    if run is None:
        raise invalid_parameter("The referenced task is not run by the emulator.")
    arn = record["taskArn"]
    if record.get("_tagsDeleted"):
        # Roles that may stop a task only by its existing tags, like those of this project, no longer may.
        raise access_denied("ecs:StopTask", arn)
    run.request_stop("UserInitiated", data.get("reason") or "Task stopped by user")
    if not FAULTS.stop_keeps_tags and ecs._tags.pop(arn, None):
        record["_tagsDeleted"] = True
    return {"task": task_view(record)}

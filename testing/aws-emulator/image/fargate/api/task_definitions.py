"""Task definitions: registered by Fargate's rules, described, listed, deregistered."""

import copy

from ministack.core.responses import get_account_id, get_region, now_iso
from ministack.services import ecs

from fargate.api.lookup import resolve_definition
from fargate.errors import aws_action, client_error, invalid_parameter
from fargate.rules.sizes import check_task_size
from fargate.rules.task_definition import check_task_definition

_OPTIONAL = ("requiresCompatibilities", "cpu", "memory", "executionRoleArn", "taskRoleArn", "pidMode", "ipcMode",
             "proxyConfiguration", "runtimePlatform", "ephemeralStorage", "enableFaultInjection")

_MAX_LISTED = 100
_MAX_DELETED = 10


@aws_action
def register_task_definition(data: dict) -> dict:
    """Register a revision, or refuse it as Fargate does."""
    return register(data)


def register(data: dict) -> dict:
    """Register a revision, also for CloudFormation. Raises AwsError."""
    data = copy.deepcopy(data)
    check_task_definition(data)
    family = data["family"]
    revision = ecs._next_task_def_revision(family)
    definition = {
        "taskDefinitionArn":
            f"arn:aws:ecs:{get_region()}:{get_account_id()}:task-definition/{family}:{revision}",
        "family": family,
        "revision": revision,
        "status": "ACTIVE",
        "containerDefinitions": [_container(container) for container in data["containerDefinitions"]],
        "volumes": data.get("volumes") or [],
        "placementConstraints": data.get("placementConstraints") or [],
        "networkMode": data.get("networkMode") or "bridge",
        "compatibilities": ["EC2", "FARGATE"] if data.get("networkMode") == "awsvpc" else ["EC2"],
        "registeredAt": now_iso(),
        "registeredBy": f"arn:aws:iam::{get_account_id()}:root",
        **{field: data[field] for field in _OPTIONAL if data.get(field)},
    }
    if "FARGATE" in (data.get("requiresCompatibilities") or []):
        units, mib = check_task_size(data["cpu"], data["memory"])
        definition.update(cpu=str(units), memory=str(mib))
    ecs._task_defs[f"{family}:{revision}"] = definition
    tags = data.get("tags") or []
    if tags:
        ecs._tags[definition["taskDefinitionArn"]] = list(tags)
    return {"taskDefinition": definition, "tags": tags}


@aws_action
def describe_task_definition(data: dict) -> dict:
    """A revision of any status; by family alone, the newest active one."""
    definition = resolve_definition(data.get("taskDefinition"))
    if not definition:
        raise client_error("Unable to describe task definition.")
    return {"taskDefinition": definition, "tags": ecs._tags.get(definition["taskDefinitionArn"], [])}


@aws_action
def deregister_task_definition(data: dict) -> dict:
    """Make a revision INACTIVE. Running tasks continue; RunTask refuses it from now on (on AWS after some minutes at most)."""
    reference = data.get("taskDefinition") or ""
    if ":" not in reference.rsplit("/", 1)[-1]:
        raise client_error("Invalid revision number.")
    definition = resolve_definition(reference)
    if not definition:
        raise client_error("Unable to describe task definition.")
    if definition["status"] == "ACTIVE":
        definition.update(status="INACTIVE", deregisteredAt=now_iso())
    return {"taskDefinition": definition}


@aws_action
def delete_task_definitions(data: dict) -> dict:
    """Delete INACTIVE revisions, at most ten a call. AWS deletes them once no task refers to them; here they are gone at once."""
    references = data.get("taskDefinitions") or []
    if not 1 <= len(references) <= _MAX_DELETED:
        raise invalid_parameter(f"taskDefinitions must contain 1 to {_MAX_DELETED} items.")
    deleted, failures = [], []
    for reference in references:
        definition = resolve_definition(reference) if ":" in reference.rsplit("/", 1)[-1] else None
        if not definition:
            failures.append({"arn": reference, "reason": "TASK_DEFINITION_NOT_FOUND"})
        elif definition["status"] == "ACTIVE":
            failures.append({"arn": definition["taskDefinitionArn"], "reason": "TASK_DEFINITION_ACTIVE",
                             "detail": "The specified task definition is still in ACTIVE status. Please deregister it."})
        else:
            del ecs._task_defs[f"{definition['family']}:{definition['revision']}"]
            deleted.append({**definition, "status": "DELETE_IN_PROGRESS"})
    return {"taskDefinitions": deleted, "failures": failures}


@aws_action
def list_task_definition_families(data: dict) -> dict:
    """Families by prefix: ACTIVE with an active revision, INACTIVE without one."""
    requested = data.get("status") or "ALL"
    if requested not in ("ACTIVE", "INACTIVE", "ALL"):
        raise invalid_parameter("status must be ACTIVE, INACTIVE or ALL.")
    prefix = data.get("familyPrefix") or ""
    statuses: dict[str, str] = {}
    for definition in ecs._task_defs.values():
        family = definition["family"]
        if family.startswith(prefix) and statuses.get(family) != "ACTIVE":
            statuses[family] = "ACTIVE" if definition["status"] == "ACTIVE" else "INACTIVE"
    families = sorted(family for family, status in statuses.items() if requested in (status, "ALL"))
    size, start = int(data.get("maxResults") or _MAX_LISTED), int(data.get("nextToken") or 0)
    if not 1 <= size <= _MAX_LISTED:
        raise invalid_parameter(f"maxResults must be between 1 and {_MAX_LISTED}.")
    more = {"nextToken": str(start + size)} if start + size < len(families) else {}
    return {"families": families[start:start + size], **more}


def _container(container: dict) -> dict:
    defaults = {"cpu": 0, "essential": True, "portMappings": [], "environment": [], "mountPoints": [],
                "volumesFrom": [], "systemControls": []}
    return {**defaults, **container}

"""RegisterTaskDefinition: Fargate's rules, and every member that a task needs kept."""

import copy

from ministack.core.responses import get_account_id, get_region, now_iso
from ministack.services import ecs

from fargate.errors import aws_action
from fargate.rules.sizes import check_task_size
from fargate.rules.task_definition import check_task_definition

_OPTIONAL = ("requiresCompatibilities", "cpu", "memory", "executionRoleArn", "taskRoleArn", "pidMode", "ipcMode",
             "proxyConfiguration", "runtimePlatform", "ephemeralStorage", "enableFaultInjection")


@aws_action
def register_task_definition(data: dict) -> dict:
    """Register a revision; what Fargate refuses is refused here."""
    return register(data)


def register(data: dict) -> dict:
    """As the action, for CloudFormation too. Raises AwsError."""
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


def _container(container: dict) -> dict:
    defaults = {"cpu": 0, "essential": True, "portMappings": [], "environment": [], "mountPoints": [],
                "volumesFrom": [], "systemControls": []}
    return {**defaults, **container}

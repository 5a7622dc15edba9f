"""Rules of RunTask: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html"""

import json

from ministack.services import ec2

from fargate.errors import client_error, invalid_parameter
from fargate.rules.sizes import check_ephemeral_storage, check_task_size
from fargate.rules.tags import check_tags

MAX_OVERRIDE_CHARACTERS = 8192
MAX_COUNT = 10
PLATFORM_VERSIONS = ("LATEST", "1.4.0", "1.3.0")
_CONTAINER_OVERRIDES = {"name", "command", "environment", "environmentFiles", "cpu", "memory",
                        "memoryReservation", "resourceRequirements"}


def check_run_task(data: dict, definition: dict) -> None:
    """Raise AWS's error for an invalid RunTask on Fargate."""
    if not 1 <= int(data.get("count", 1)) <= MAX_COUNT:
        raise invalid_parameter(f"count must be between 1 and {MAX_COUNT}.")
    for field, limit in (("clientToken", 64), ("startedBy", 128)):
        if len(data.get(field) or "") > limit:
            raise invalid_parameter(f"{field} must be at most {limit} characters long.")
    if data.get("propagateTags") not in (None, "", "NONE", "TASK_DEFINITION"):
        raise invalid_parameter(f"propagateTags '{data['propagateTags']}' is not valid for RunTask.")
    if "FARGATE" not in (definition.get("requiresCompatibilities") or []):
        raise invalid_parameter("Task definition does not support launch_type FARGATE.")
    if (data.get("platformVersion") or "LATEST") not in PLATFORM_VERSIONS:
        raise invalid_parameter(f"The platform version '{data['platformVersion']}' is not available.")
    for field in ("placementConstraints", "placementStrategy"):
        if data.get(field):
            raise invalid_parameter(f"{field} is not supported with FARGATE launch type.")
    check_tags(data.get("tags") or [])
    check_network(data.get("networkConfiguration"))
    check_overrides(data.get("overrides") or {}, definition)


def check_network(configuration) -> None:
    """An awsvpc task needs 1 to 16 existing subnets and at most 5 security groups."""
    awsvpc = (configuration or {}).get("awsvpcConfiguration")
    if not awsvpc:
        raise invalid_parameter("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    subnets = awsvpc.get("subnets") or []
    if not subnets:
        raise invalid_parameter("subnets can not be empty.")
    if len(subnets) > 16 or len(awsvpc.get("securityGroups") or []) > 5:
        raise invalid_parameter("At most 16 subnets and 5 security groups can be given.")
    if awsvpc.get("assignPublicIp", "DISABLED") not in ("ENABLED", "DISABLED"):
        raise invalid_parameter("assignPublicIp must be ENABLED or DISABLED.")
    for subnet in subnets:
        if subnet not in ec2._subnets:
            raise invalid_parameter(
                f"Error retrieving subnet information for [{subnet}]: The subnet ID '{subnet}' does not exist "
                "(ErrorCode: InvalidSubnetID.NotFound)")
    for group in awsvpc.get("securityGroups") or []:
        if group not in ec2._security_groups:
            raise invalid_parameter(
                f"Error retrieving security group information for [{group}]: The security group '{group}' "
                "does not exist (ErrorCode: InvalidGroup.NotFound)")


def check_overrides(overrides: dict, definition: dict) -> None:
    """Overrides need known containers, at most 8,192 characters, and a valid task size."""
    if len(json.dumps(overrides, separators=(",", ":"), ensure_ascii=False)) > MAX_OVERRIDE_CHARACTERS:
        raise invalid_parameter(f"Container Overrides length must be at most {MAX_OVERRIDE_CHARACTERS}")
    names = {container["name"] for container in definition["containerDefinitions"]}
    for override in overrides.get("containerOverrides") or []:
        if override.get("name") not in names:
            raise invalid_parameter(
                f"Override for container named {override.get('name')} is not a container in the TaskDefinition.")
        unknown = set(override) - _CONTAINER_OVERRIDES
        if unknown:
            raise invalid_parameter(f"A container override cannot contain {', '.join(sorted(unknown))}.")
    check_task_size(overrides.get("cpu") or definition.get("cpu"), overrides.get("memory") or definition.get("memory"))
    check_ephemeral_storage(overrides.get("ephemeralStorage"))


def check_strategy(strategy: list, cluster: dict) -> None:
    """A strategy needs providers of the cluster, and a weight above zero if there are several."""
    for item in strategy:
        provider = item.get("capacityProvider")
        if provider not in (cluster.get("capacityProviders") or []):
            raise invalid_parameter(
                f"The specified capacity provider '{provider}' is not associated with the cluster "
                f"'{cluster['clusterName']}'. Associate it first.")
        if provider not in ("FARGATE", "FARGATE_SPOT"):
            raise client_error(f"The emulator supports FARGATE and FARGATE_SPOT only, not '{provider}'.")
    if sum(1 for item in strategy if item.get("base")) > 1:
        raise invalid_parameter("Only one capacity provider in a strategy can have a base defined.")
    if all(int(item.get("weight") or 0) == 0 for item in strategy) and len(strategy) > 1:
        raise invalid_parameter("A capacity provider strategy must have a provider with a weight greater than zero.")

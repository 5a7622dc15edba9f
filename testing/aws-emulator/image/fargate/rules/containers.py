"""Rules of RegisterTaskDefinition for the containers of Fargate tasks."""

import re

from fargate.errors import client_error

_AWSVPC_FORBIDDEN = ("links", "extraHosts", "hostname", "dnsServers", "dnsSearchDomains")
_FARGATE_FORBIDDEN = ("privileged", "dockerSecurityOptions", "disableNetworking")
_LINUX_FORBIDDEN = ("devices", "sharedMemorySize", "maxSwap", "swappiness")
_LOG_DRIVERS = ("awslogs", "splunk", "awsfirelens")
_IMAGE = re.compile(r"[A-Za-z0-9_\-./:@#]{1,255}")
_HEALTH_RANGES = {"interval": (5, 300), "timeout": (2, 120), "retries": (1, 10), "startPeriod": (0, 300)}
MAX_TIMEOUT = 120


def check_container(container: dict, task: dict) -> None:
    """Raise ClientException for settings that a container may not have on Fargate."""
    name = container["name"]
    if not _IMAGE.fullmatch(container.get("image") or ""):
        raise client_error(f"Container.image contains invalid characters or is empty (container '{name}').")
    _check_forbidden(container)
    _check_linux(name, container.get("linuxParameters") or {})
    _check_ports(name, container.get("portMappings") or [])
    _check_timeouts(name, container)
    _check_mounts(container, task)
    _check_health(name, container.get("healthCheck"))
    _check_roles(container, task)
    _check_logging(name, container.get("logConfiguration") or {})


def _check_forbidden(container: dict) -> None:
    name = container["name"]
    for field in _AWSVPC_FORBIDDEN:
        if container.get(field):
            raise client_error(f"{field} is not supported on container when networkMode=awsvpc (container '{name}').")
    for field in _FARGATE_FORBIDDEN:
        if container.get(field):
            raise client_error(f"Tasks using the Fargate launch type do not support {field} (container '{name}').")
    if any(need.get("type") == "GPU" for need in container.get("resourceRequirements") or []):
        raise client_error("Tasks using the Fargate launch type do not support GPU resource requirements.")


def _check_linux(name: str, parameters: dict) -> None:
    for field in _LINUX_FORBIDDEN:
        if parameters.get(field) is not None:
            raise client_error(f"Tasks using the Fargate launch type do not support {field} (container '{name}').")
    added = set((parameters.get("capabilities") or {}).get("add") or [])
    if added - {"SYS_PTRACE"}:
        refused = ", ".join(sorted(added - {"SYS_PTRACE"}))
        raise client_error(f"Fargate only supports adding the SYS_PTRACE capability, not {refused}.")


def _check_ports(name: str, mappings: list) -> None:
    for mapping in mappings:
        if mapping.get("hostPort", mapping.get("containerPort")) not in (0, mapping.get("containerPort")):
            raise client_error("When networkMode=awsvpc, the host ports and container ports in port mappings "
                               f"must match (container '{name}').")


def _check_timeouts(name: str, container: dict) -> None:
    for field in ("startTimeout", "stopTimeout"):
        value = container.get(field)
        if value is not None and not 0 <= int(value) <= MAX_TIMEOUT:
            raise client_error(f"{field} of container '{name}' must be at most {MAX_TIMEOUT} seconds on Fargate.")


def _check_mounts(container: dict, task: dict) -> None:
    volumes = {volume.get("name") for volume in task.get("volumes") or []}
    for mount in container.get("mountPoints") or []:
        if mount.get("sourceVolume") not in volumes:
            raise client_error(f"Unknown volume '{mount.get('sourceVolume')}'.")
        if not mount.get("containerPath"):
            raise client_error(f"A mount point of container '{container['name']}' has no containerPath.")
    names = {other["name"] for other in task["containerDefinitions"]}
    for source in container.get("volumesFrom") or []:
        if source.get("sourceContainer") not in names:
            raise client_error(f"Unknown container '{source.get('sourceContainer')}' in volumesFrom.")


def _check_health(name: str, check) -> None:
    if not check:
        return
    if not check.get("command"):
        raise client_error(f"The health check of container '{name}' has no command.")
    for field, (lowest, highest) in _HEALTH_RANGES.items():
        value = check.get(field)
        if value is not None and not lowest <= int(value) <= highest:
            raise client_error(
                f"The health check's {field} of container '{name}' must be between {lowest} and {highest}.")


def _check_roles(container: dict, task: dict) -> None:
    if task.get("executionRoleArn"):
        return
    if container.get("secrets"):
        raise client_error(
            "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.")
    if (container.get("logConfiguration") or {}).get("logDriver") == "awslogs":
        raise client_error(
            "Fargate requires task definition to have execution role ARN to support log driver awslogs.")
    if container.get("repositoryCredentials"):
        raise client_error("When you are specifying repositoryCredentials, you must also specify a value for "
                           "'executionRoleArn'.")
    if ".dkr.ecr." in container["image"]:
        raise client_error("Fargate requires task definition to have execution role ARN to support ECR images.")


def _check_logging(name: str, logging: dict) -> None:
    if not logging:
        return
    driver = logging.get("logDriver")
    if driver not in _LOG_DRIVERS:
        raise client_error(f"Invalid log driver '{driver}': Fargate supports {', '.join(_LOG_DRIVERS)}.")
    if driver != "awslogs":
        return
    options = logging.get("options") or {}
    for option in ("awslogs-group", "awslogs-region", "awslogs-stream-prefix"):
        if not options.get(option):
            raise client_error(f"Log driver awslogs option '{option}' should not be null or empty "
                               f"(container '{name}').")

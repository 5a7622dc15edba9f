"""Rules of RegisterTaskDefinition for Fargate at task level.

Sources: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
and API_RegisterTaskDefinition.
"""

import json
import re

from fargate.errors import client_error
from fargate.rules.containers import check_container
from fargate.rules.dependencies import check_dependencies
from fargate.rules.sizes import check_ephemeral_storage, check_task_size
from fargate.rules.tags import check_tags

NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
MAX_BYTES = 64 * 1024
MAX_CONTAINERS = 10


def check_task_definition(data: dict) -> None:
    """Raise AWS's error for an invalid Fargate task definition."""
    size = len(json.dumps(data).encode())
    if size > MAX_BYTES:
        raise client_error(f"Actual length: '{size}'. Max allowed length is '{MAX_BYTES}' bytes.")
    if not NAME.fullmatch(data.get("family") or ""):
        raise client_error("Family contains invalid characters, is empty or is longer than 255 characters.")
    check_tags(data.get("tags") or [])
    containers = data.get("containerDefinitions") or []
    _check_names(containers)
    if "FARGATE" in (data.get("requiresCompatibilities") or []):
        _check_fargate_task(data)
        for container in containers:
            check_container(container, data)
        _check_container_sizes(data, containers)
    check_dependencies(containers)


def _check_names(containers: list) -> None:
    if not containers:
        raise client_error("TaskDefinition must contain at least one container definition.")
    if len(containers) > MAX_CONTAINERS:
        raise client_error(f"Too many containers. A task definition can have at most {MAX_CONTAINERS}.")
    names = [container.get("name") or "" for container in containers]
    for name in names:
        if not NAME.fullmatch(name):
            raise client_error(f"Container.name contains invalid characters or is empty: '{name}'.")
    if len(set(names)) != len(names):
        raise client_error("Container names in a task definition must be unique.")
    if not any(container.get("essential", True) for container in containers):
        raise client_error("At least one container in a task definition must be essential.")


def _check_fargate_task(data: dict) -> None:
    if data.get("networkMode") != "awsvpc":
        raise client_error("Fargate only supports network mode 'awsvpc'.")
    check_task_size(data.get("cpu"), data.get("memory"))
    check_ephemeral_storage(data.get("ephemeralStorage"))
    if data.get("pidMode") not in (None, "", "task"):
        raise client_error("Tasks using the Fargate launch type do not support pidMode 'host'.")
    for field in ("ipcMode", "placementConstraints", "inferenceAccelerators"):
        if data.get(field):
            raise client_error(f"Tasks using the Fargate launch type do not support {field}.")
    _check_platform(data.get("runtimePlatform") or {})
    _check_volumes(data.get("volumes") or [])


def _check_platform(platform: dict) -> None:
    if platform.get("cpuArchitecture", "X86_64") not in ("X86_64", "ARM64"):
        raise client_error(f"Unknown cpuArchitecture '{platform['cpuArchitecture']}'.")
    if platform.get("operatingSystemFamily", "LINUX") != "LINUX":
        raise client_error("The emulator supports Linux tasks only; Fargate's Windows is not emulated.")


def _check_volumes(volumes: list) -> None:
    names = [volume.get("name") or "" for volume in volumes]
    if any(not NAME.fullmatch(name) for name in names):
        raise client_error("Volume.name contains invalid characters or is empty.")
    if len(set(names)) != len(names):
        raise client_error("Volume names in a task definition must be unique.")
    for volume in volumes:
        if (volume.get("host") or {}).get("sourcePath"):
            raise client_error("Fargate compatible task definitions do not support sourcePath.")
        if volume.get("dockerVolumeConfiguration"):
            raise client_error("Fargate compatible task definitions do not support dockerVolumeConfiguration.")
        for field in ("efsVolumeConfiguration", "configuredAtLaunch", "fsxWindowsFileServerVolumeConfiguration"):
            if volume.get(field):
                raise client_error(f"The emulator does not support volumes with {field}.")


def _check_container_sizes(data: dict, containers: list) -> None:
    units, mib = check_task_size(data["cpu"], data["memory"])
    if sum(int(c.get("cpu") or 0) for c in containers) > units:
        raise client_error("The sum of the 'cpu' settings of the containers is greater than for the task.")
    reserved = [int(c.get("memoryReservation") or c.get("memory") or 0) for c in containers]
    if sum(reserved) > mib or any(int(c.get("memory") or 0) > mib for c in containers):
        raise client_error("Invalid setting for container: the 'memory' setting is greater than for the task.")

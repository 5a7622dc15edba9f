"""Docker containers from container definitions."""

import docker.errors
from docker.types import LogConfig, Ulimit

from fargate.rules.sizes import cpu_units, memory_mib
from fargate.runtime.architecture import docker_architecture
from fargate.runtime.docker_client import client, host_cpus, labels
from fargate.runtime.failures import TaskFailure, docker_message
from fargate.runtime.volumes import mounts
from fargate.settings import SETTINGS

MIB = 1024 * 1024
SECOND = 1_000_000_000


def create_container(run, container, image, environment: dict) -> None:
    """Create the Docker container without starting it."""
    try:
        container.docker = client().containers.create(image.id, platform=f"linux/{docker_architecture(run.definition)}",
                                                      **_arguments(run, container, image, environment))
    except docker.errors.APIError as error:
        reason = f"CannotCreateContainerError: Error response from daemon: {docker_message(error)}"
        raise TaskFailure("Task failed to start", container.name, reason) from error
    container.record["runtimeId"] = f"{run.task_id.replace('-', '')}-{container.docker.id[:10]}"


def _arguments(run, container, image, environment: dict) -> dict:
    definition = container.definition
    arguments = {
        "name": f"{SETTINGS.run_id}-{run.task_id[:8]}-{container.name}",
        "network_mode": f"container:{run.pause.id}",
        "environment": environment,
        "mounts": mounts(run, container, image),
        "labels": {**(definition.get("dockerLabels") or {}), **_labels(run, container)},
        "log_config": LogConfig(type="json-file", config={"max-size": "64m"}),
        **_resources(run, definition),
        **_process(definition),
        **_linux(definition.get("linuxParameters") or {}),
    }
    if run.definition.get("pidMode") == "task":
        arguments["pid_mode"] = f"container:{run.pause.id}"
    if definition.get("volumesFrom"):
        arguments["volumes_from"] = [_volumes_from(run, source) for source in definition["volumesFrom"]]
    return {key: value for key, value in arguments.items() if value is not None}


def _process(definition: dict) -> dict:
    return {
        "entrypoint": definition.get("entryPoint") or None,
        "command": definition.get("command") or None,
        "working_dir": definition.get("workingDirectory") or None,
        "user": definition.get("user") or None,
        "tty": bool(definition.get("pseudoTerminal")),
        "stdin_open": bool(definition.get("interactive")),
        "read_only": bool(definition.get("readonlyRootFilesystem")),
        "healthcheck": _health_check(definition.get("healthCheck")),
        "ulimits": [Ulimit(name=limit["name"], soft=limit["softLimit"], hard=limit["hardLimit"])
                    for limit in definition.get("ulimits") or []] or None,
    }


def _resources(run, definition: dict) -> dict:
    """Real limits. Docker has no cgroup per task, so each container gets the task's limits."""
    units = cpu_units(run.record["cpu"])
    memory = int(definition.get("memory") or memory_mib(run.record["memory"])) * MIB
    reservation = int(definition.get("memoryReservation") or 0) * MIB
    return {
        "nano_cpus": int(min(units / 1024, host_cpus()) * SECOND),
        "cpu_shares": int(definition.get("cpu") or 0) or None,
        "mem_limit": memory,
        "memswap_limit": memory,
        "mem_reservation": reservation or None,
    }


def _linux(parameters: dict) -> dict:
    capabilities = parameters.get("capabilities") or {}
    tmpfs = {mount["containerPath"]: ",".join([f"size={mount['size']}m", *mount.get("mountOptions", [])])
             for mount in parameters.get("tmpfs") or []}
    return {
        "init": True if parameters.get("initProcessEnabled") else None,
        "cap_add": capabilities.get("add") or None,
        "cap_drop": capabilities.get("drop") or None,
        "tmpfs": tmpfs or None,
    }


def _health_check(check) -> dict | None:
    """Docker's health check with ECS's defaults: interval 30 s, timeout 5 s, 3 retries."""
    if not check:
        return None
    return {
        "test": check["command"],
        "interval": int(check.get("interval", 30)) * SECOND,
        "timeout": int(check.get("timeout", 5)) * SECOND,
        "retries": int(check.get("retries", 3)),
        "start_period": int(check.get("startPeriod", 0)) * SECOND,
    }


def _volumes_from(run, source: dict) -> str:
    mode = "ro" if source.get("readOnly") else "rw"
    return f"{run.container(source['sourceContainer']).docker.id}:{mode}"


def _labels(run, container) -> dict:
    return labels(**{
        "com.amazonaws.ecs.cluster": run.record["clusterArn"],
        "com.amazonaws.ecs.container-name": container.name,
        "com.amazonaws.ecs.task-arn": run.arn,
        "com.amazonaws.ecs.task-definition-family": run.definition["family"],
        "com.amazonaws.ecs.task-definition-version": str(run.definition["revision"]),
    })

"""Task metadata version 4, registered in MiniStack, which serves it."""

import secrets

from ministack.core.responses import now_iso
from ministack.services import ecs_metadata


def register(run, container) -> str:
    """Register a container at the metadata endpoint. Returns the token of its address."""
    token = secrets.token_urlsafe(24)
    ecs_metadata.register_container(token, run.arn, _task(run), _container(run, container))
    return token


def set_started(container) -> None:
    """Set the container's Docker id and its status RUNNING."""
    ecs_metadata.set_docker_id(container.metadata_token, container.docker.id)
    ecs_metadata.set_container_status(container.metadata_token, "RUNNING")


def set_task_status(run) -> None:
    """Set the task's status at the endpoint to that of the record."""
    ecs_metadata.set_task_status(
        run.arn, known_status=run.record["lastStatus"], desired_status=run.record["desiredStatus"])


def unregister(run) -> None:
    """Remove the addresses of a stopped task."""
    for container in run.containers:
        if container.metadata_token:
            ecs_metadata.unregister_token(container.metadata_token)


def _task(run) -> dict:
    record = run.record
    return {
        "Cluster": record["clusterArn"],
        "TaskARN": run.arn,
        "Family": run.definition["family"],
        "Revision": str(run.definition["revision"]),
        "DesiredStatus": record["desiredStatus"],
        "KnownStatus": record["lastStatus"],
        "Limits": {"CPU": int(record["cpu"]) / 1024, "Memory": int(record["memory"])},
        "PullStartedAt": record["pullStartedAt"],
        "AvailabilityZone": record["availabilityZone"],
        "LaunchType": "FARGATE",
    }


def _container(run, container) -> dict:
    interface = container.record["networkInterfaces"][0]
    return {
        "DockerId": "",
        "Name": container.name,
        "DockerName": container.name,
        "Image": container.definition["image"],
        "Labels": {
            "com.amazonaws.ecs.cluster": run.record["clusterArn"],
            "com.amazonaws.ecs.container-name": container.name,
            "com.amazonaws.ecs.task-arn": run.arn,
            "com.amazonaws.ecs.task-definition-family": run.definition["family"],
            "com.amazonaws.ecs.task-definition-version": str(run.definition["revision"]),
        },
        "DesiredStatus": "RUNNING",
        "KnownStatus": "PENDING",
        "Type": "NORMAL",
        "CreatedAt": now_iso(),
        "ContainerARN": container.record["containerArn"],
        "Networks": [{"NetworkMode": "awsvpc", "IPv4Addresses": [interface["privateIpv4Address"]]}],
    }

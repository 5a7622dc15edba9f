"""Cleanup of Docker when the emulator ends or is reset."""

import concurrent.futures
import logging

import docker.errors

from fargate.runtime.docker_client import client, own_container
from fargate.runtime.task_run import RUNS
from fargate.settings import LABEL, SETTINGS

logger = logging.getLogger("fargate")


def remove_everything() -> None:
    """Kill and remove all task containers and volumes of this run, except the emulator itself."""
    of_this_run = {"label": [f"{LABEL}={SETTINGS.run_id}", "com.amazonaws.ecs.task-arn"]}
    for run in RUNS.all():
        run.request_stop("UserInitiated", "The emulator ends", seconds=0)
        RUNS.forget(run.arn)
    containers = client().containers.list(all=True, sparse=True, filters=of_this_run)
    others = [container for container in containers if container.id != own_container().id]
    with concurrent.futures.ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(lambda container: _remove(container, v=True), others))
    for volume in client().volumes.list(filters=of_this_run):
        _remove(volume)
    if others:
        logger.info("removed %d containers of the run", len(others))


def _remove(thing, **more) -> None:
    try:
        thing.remove(force=True, **more)
    except docker.errors.APIError as error:
        if error.status_code not in (404, 409):
            logger.warning("could not remove %s: %s", thing.id, error)

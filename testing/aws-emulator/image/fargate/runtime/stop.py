"""Stop of a task: SIGTERM, `stopTimeout`, SIGKILL, and cleanup."""

import concurrent.futures
import logging
import math
import time

import docker.errors
from ministack.core.responses import now_iso

from fargate.credentials import CREDENTIALS
from fargate.rules.dependencies import stop_waves
from fargate.runtime.logs import finish_logs
from fargate.runtime.metadata import set_task_status, unregister

logger = logging.getLogger("fargate")

LOG_FLUSH_SECONDS = 5


def stop_task(run) -> None:
    """Stop a task whose desired status is STOPPED."""
    run.move("DEACTIVATING")
    run.move("STOPPING")
    set_task_status(run)
    for wave in stop_waves(run.definition["containerDefinitions"]):
        _stop_wave(run, [run.container(name) for name in wave])
    run.move("DEPROVISIONING", executionStoppedAt=now_iso())
    remove_task(run)
    for attachment in run.record["attachments"]:
        attachment["status"] = "DELETED"
    for container in run.containers:
        container.record["lastStatus"] = "STOPPED"
    run.move("STOPPED", stoppedAt=now_iso())


def _stop_wave(run, containers: list) -> None:
    """Stop containers concurrently, and wait until the exit of each is recorded."""
    started = [container for container in containers if container.started and not container.exited]
    if not started:
        return
    with concurrent.futures.ThreadPoolExecutor(max_workers=len(started)) as pool:
        list(pool.map(lambda container: _stop_container(run, container), started))
    with run.changed:
        run.changed.wait_for(lambda: all(container.exited for container in started), timeout=10)


def _stop_container(run, container) -> None:
    """SIGTERM, then SIGKILL after the container's `stopTimeout` or at the task's deadline, whichever is earlier."""
    seconds = container.stop_timeout
    if run.stop_deadline is not None:
        seconds = max(0, min(seconds, run.stop_deadline - time.monotonic()))
    try:
        # Docker accepts whole seconds only, and with 0 it kills the container before it can handle SIGTERM.
        container.docker.stop(timeout=math.ceil(seconds))
    except docker.errors.APIError as error:
        logger.warning("could not stop container %s of %s: %s", container.name, run.arn, error)


def remove_task(run) -> None:
    """Remove the task's containers, pause container and volumes from Docker."""
    finish_logs(run, LOG_FLUSH_SECONDS)
    unregister(run)
    CREDENTIALS.forget(run.task_id)
    for made in [*(container.docker for container in run.containers), run.pause]:
        if made is not None:
            _remove(lambda made=made: made.remove(force=True, v=True))
    for volume in run.volumes.values():
        _remove(lambda volume=volume: volume.remove(force=True))


def _remove(action) -> None:
    try:
        action()
    except docker.errors.NotFound:
        pass
    except docker.errors.APIError as error:
        logger.warning("could not remove a resource of a task: %s", error)

"""Start of a task: network, images, volumes, containers in the order of `dependsOn`."""

import time

import docker.errors
from ministack.core.responses import now_iso

from fargate.rules.dependencies import start_order
from fargate.runtime.containers import create_container
from fargate.runtime.environment import container_environment
from fargate.runtime.failures import TaskFailure, docker_message
from fargate.runtime.images import ensure_image
from fargate.runtime.logs import forward_logs, prepare_logs
from fargate.runtime.metadata import set_started, set_task_status
from fargate.runtime.network import start_pause
from fargate.runtime.volumes import create_volumes, fills_a_volume
from fargate.runtime.watch import watch_container
from fargate.start_times import START_TIMES


def start_task(run) -> None:
    """Start a task until RUNNING, or return early if it is stopped meanwhile. Raises TaskFailure."""
    provisioned_at = time.monotonic() + START_TIMES.draw()
    create_volumes(run)
    start_pause(run)
    _wait(run, provisioned_at - time.monotonic())
    run.move("PENDING", connectivity="CONNECTED", connectivityAt=now_iso())
    run.move("ACTIVATING", pullStartedAt=now_iso())
    prepare_logs(run)
    images = {container.name: ensure_image(run, container) for container in run.containers}
    for image in {image.id: image for image in images.values()}.values():
        _wait(run, START_TIMES.pull_seconds(image.attrs["Size"]))
    with run.changed:
        run.record["pullStoppedAt"] = now_iso()
        for container in run.containers:
            container.record["imageDigest"] = _digest(images[container.name])
    if run.stopping:
        return
    _create(run, images)
    _start_in_order(run)
    if all(container.started for container in run.containers):
        run.move("RUNNING", startedAt=now_iso())
        set_task_status(run)


def _wait(run, seconds: float) -> None:
    """Wait, but not for longer than the task is wanted."""
    with run.changed:
        run.changed.wait_for(lambda: run.stopping, timeout=max(0.0, seconds))


def _digest(image) -> str:
    """The digest of the registry if Docker knows it, otherwise the image's id."""
    digests = image.attrs.get("RepoDigests") or []
    return digests[0].split("@", 1)[1] if digests else image.id


def _create(run, images: dict) -> None:
    """Create containers whose image fills a volume first, then in the order of `dependsOn`."""
    order = [run.container(name) for name in start_order(run.definition["containerDefinitions"])]
    sources = {source["sourceContainer"] for c in order for source in c.definition.get("volumesFrom") or []}
    order.sort(key=lambda c: (not fills_a_volume(c, images[c.name]), c.name not in sources))
    for container in order:
        create_container(run, container, images[container.name], container_environment(run, container))


def _start_in_order(run) -> None:
    waiting = list(run.containers)
    started_at = time.monotonic()
    while waiting and not run.stopping:
        with run.changed:
            ready = [container for container in waiting if _may_start(run, container, started_at)]
            if not ready:
                run.changed.wait(0.25)
        for container in ready:
            _start(run, container)
            waiting.remove(container)


def _may_start(run, container, started_at: float) -> bool:
    """Whether all dependencies are met. Raises TaskFailure if one can never be met."""
    return all([_is_met(run, container, dependency, started_at)
                for dependency in container.definition.get("dependsOn") or []])


def _is_met(run, container, dependency: dict, started_at: float) -> bool:
    target, condition = run.container(dependency["containerName"]), dependency["condition"]
    if condition == "START":
        return target.started
    if condition == "COMPLETE":
        met, impossible = target.exited, False
    elif condition == "SUCCESS":
        met, impossible = target.exited and target.exit_code == 0, target.exited and target.exit_code != 0
    else:
        met, impossible = target.health == "HEALTHY", target.exited or target.health == "UNHEALTHY"
    timeout = target.definition.get("startTimeout")
    if impossible or (not met and timeout and time.monotonic() - started_at > int(timeout)):
        raise TaskFailure("Task failed to start", container.name,
                          f"dependency graph: failed to resolve container ordering dependency [{target.name}] for "
                          f"target [{container.name}]: condition {condition} was not met")
    return met


def _start(run, container) -> None:
    try:
        container.docker.start()
    except docker.errors.APIError as error:
        reason = f"CannotStartContainerError: Error response from daemon: {docker_message(error)}"
        raise TaskFailure("Task failed to start", container.name, reason) from error
    with run.changed:
        container.started = True
        container.record["lastStatus"] = "RUNNING"
    set_started(container)
    forward_logs(run, container)
    watch_container(run, container)

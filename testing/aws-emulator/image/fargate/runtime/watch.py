"""Watches the exit and the health of containers."""

import threading
import time

import docker.errors

from fargate.runtime.architecture import is_foreign

OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
HEALTH_INTERVAL = 0.5
EXEC_FORMAT_ERROR = b"exec format error"


def watch_container(run, container) -> None:
    """Follow a started container in the background."""
    threading.Thread(target=_await_exit, args=(run, container), daemon=True,
                     name=f"fargate-wait-{run.task_id[:8]}-{container.name}").start()
    if container.definition.get("healthCheck"):
        threading.Thread(target=_follow_health, args=(run, container), daemon=True,
                         name=f"fargate-health-{run.task_id[:8]}-{container.name}").start()


def _await_exit(run, container) -> None:
    code, reason = _exit_of(container)
    if code and not reason and is_foreign(run.definition):
        reason = _exec_format_error(container)
    with run.changed:
        container.exited, container.exit_code = True, code
        container.record.update(lastStatus="STOPPED", exitCode=code, reason=reason)
        if container.essential:
            run.request_stop("EssentialContainerExited", "Essential container in task exited")
        elif not run.stopping:
            run.announce()
        run.changed.notify_all()


def _exit_of(container) -> tuple[int | None, str | None]:
    """Exit code, and ECS's reason if the kernel killed the container."""
    try:
        code = container.docker.wait(timeout=None)["StatusCode"]
        container.docker.reload()
    except docker.errors.NotFound:
        return None, "DockerStateError: the container was removed from outside"
    killed = container.docker.attrs["State"].get("OOMKilled")
    return code, OUT_OF_MEMORY if killed else None


def _exec_format_error(container) -> str | None:
    """Docker reports a container as started even if the host cannot run its program; the kernel's error is in its output."""
    last = container.docker.logs(tail=1).strip()
    if EXEC_FORMAT_ERROR not in last:
        return None
    return f"CannotStartContainerError: Error response from daemon: {last.decode(errors='replace')}"


def _follow_health(run, container) -> None:
    """Copy the container's health from Docker until the task stops."""
    while not container.exited and not run.stopping:
        try:
            container.docker.reload()
        except docker.errors.NotFound:
            return
        health = (container.docker.attrs["State"].get("Health") or {}).get("Status", "none").upper()
        _set_health(run, container, health if health in ("HEALTHY", "UNHEALTHY") else "UNKNOWN")
        time.sleep(HEALTH_INTERVAL)


def _set_health(run, container, health: str) -> None:
    with run.changed:
        # A check during the stop of its container fails, regardless of the container's health.
        if run.stopping or container.health == health:
            return
        container.health = container.record["healthStatus"] = health
        checked = [c.health for c in run.containers if c.essential and c.definition.get("healthCheck")]
        run.record["healthStatus"] = _overall(checked)
        run.changed.notify_all()


def _overall(checked: list[str]) -> str:
    if "UNHEALTHY" in checked:
        return "UNHEALTHY"
    return "HEALTHY" if checked and set(checked) == {"HEALTHY"} else "UNKNOWN"

"""The Docker client, and what the emulator's own container tells about where it runs."""

import functools
import os

import docker

from fargate.settings import LABEL, SETTINGS


@functools.cache
def client():
    """A client whose calls may take as long as a pull or a wait takes."""
    return docker.from_env(timeout=120, max_pool_size=64)


@functools.cache
def own_container():
    """The container the emulator runs in: its image serves as pause image, its network is the tasks'."""
    return client().containers.get(os.environ["HOSTNAME"])


@functools.cache
def task_network() -> str:
    """Name of the Docker network that task containers join."""
    if SETTINGS.network:
        return SETTINGS.network
    return next(iter(own_container().attrs["NetworkSettings"]["Networks"]))


@functools.cache
def own_address() -> str:
    """The emulator's IPv4 address on the tasks' network."""
    return own_container().attrs["NetworkSettings"]["Networks"][task_network()]["IPAddress"]


@functools.cache
def host_cpus() -> int:
    """CPUs of the Docker host; Docker refuses a container more than these."""
    return client().info()["NCPU"]


def endpoint_url() -> str:
    """Where tasks find AWS."""
    return f"http://{own_address()}:{SETTINGS.port}"


def labels(**more) -> dict:
    """Labels of everything the emulator creates, so that it can be found and removed."""
    return {LABEL: SETTINGS.run_id, **more}

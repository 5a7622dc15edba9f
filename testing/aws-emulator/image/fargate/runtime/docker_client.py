"""The Docker client, and facts about the emulator's own container and host."""

import functools
import os

import docker

from fargate.settings import LABEL, SETTINGS


@functools.cache
def client():
    """A client with a timeout long enough for pulls and waits."""
    return docker.from_env(timeout=120, max_pool_size=64)


@functools.cache
def own_container():
    """The emulator's own container. Its image is the pause image, and its network is that of the tasks."""
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
    """CPUs of the Docker host. Docker refuses containers with more CPUs."""
    return client().info()["NCPU"]


def endpoint_url() -> str:
    """AWS endpoint for tasks."""
    return f"http://{own_address()}:{SETTINGS.port}"


def labels(**more) -> dict:
    """Labels of all Docker resources of the emulator, for their removal."""
    return {LABEL: SETTINGS.run_id, **more}

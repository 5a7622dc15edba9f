"""Docker's name of the architecture in a task definition's `runtimePlatform`."""

import functools

from fargate.runtime.docker_client import client

_DOCKER_NAMES = {"X86_64": "amd64", "ARM64": "arm64"}
_KERNEL_NAMES = {"x86_64": "amd64", "aarch64": "arm64"}


def docker_architecture(definition: dict) -> str:
    """`amd64` or `arm64`. Fargate's default is X86_64 on every host."""
    return _DOCKER_NAMES[(definition.get("runtimePlatform") or {}).get("cpuArchitecture") or "X86_64"]


def is_foreign(definition: dict) -> bool:
    """Whether the Docker host can run the task only by emulation (binfmt_misc)."""
    return docker_architecture(definition) != _host_architecture()


@functools.cache
def _host_architecture() -> str:
    name = client().info()["Architecture"]
    return _KERNEL_NAMES.get(name, name)

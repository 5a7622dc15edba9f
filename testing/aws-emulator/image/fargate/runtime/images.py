"""The image of a container: a local one, otherwise a pull. Failures have Fargate's messages.

Docker's classic image store holds one architecture per name. For the other architecture, the local name `<name>-arm64`
(or `-amd64`) represents that entry of a manifest list.
"""

import collections
import threading

import docker.errors

from fargate.runtime.architecture import docker_architecture
from fargate.runtime.docker_client import client
from fargate.runtime.failures import TaskFailure, docker_message
from fargate.runtime.secrets import repository_credentials

_PULLS: dict[str, threading.Lock] = collections.defaultdict(threading.Lock)
"""Serialises pulls of a name: a pull for another architecture moves the name temporarily."""


def ensure_image(run, container) -> object:
    """The Docker image of a container definition for the task's architecture. Pulls it if Docker lacks it."""
    name, architecture = container.definition["image"], docker_architecture(run.definition)
    image = _local(name, architecture)
    if image is None:
        with _PULLS[name]:
            image = _local(name, architecture) or _pull(container, name, architecture)
    return image


def _local(name: str, architecture: str):
    for candidate in (name, _name_for(name, architecture)):
        image = _named(candidate)
        if image is not None and image.attrs["Architecture"] == architecture:
            return image
    return None


def _named(name: str):
    try:
        return client().images.get(name)
    except docker.errors.ImageNotFound:
        return None


def _name_for(name: str, architecture: str) -> str:
    repository, tag = _split(name)
    return name if "@" in name else f"{repository}:{tag}-{architecture}"


def _pull(container, name: str, architecture: str):
    other = _named(name)
    try:
        _ask_registry(container, name, architecture)
    except docker.errors.APIError as error:
        # The local image stands for one in a registry, where the other architecture would be missing.
        if other is not None:
            raise _wrong_platform(container, architecture) from error
        raise _cannot_pull(container, f"failed to pull image {name}: {docker_message(error)}") from error
    image = client().images.get(name)
    if image.attrs["Architecture"] != architecture:
        raise _wrong_platform(container, architecture)
    if other is not None and "@" not in name:
        image.tag(_name_for(name, architecture))
        other.tag(name)
    return image


def _ask_registry(container, name: str, architecture: str) -> None:
    """Pull an image. Docker reports errors during the pull in the response's body."""
    repository, tag = _split(name)
    credentials = repository_credentials(container.definition)
    for line in client().api.pull(repository, tag=tag, auth_config=credentials, platform=f"linux/{architecture}",
                                  stream=True, decode=True):
        error = line.get("error")
        if error and "no matching manifest" in error:
            raise _wrong_platform(container, architecture)
        if error:
            raise docker.errors.APIError(error)


def _wrong_platform(container, architecture: str) -> TaskFailure:
    """Fargate's message, also for a single manifest of another architecture, which Docker accepts with a warning."""
    return _cannot_pull(container, "pull image manifest has been retried 7 time(s): image Manifest does not contain "
                                   f"descriptor matching platform 'linux/{architecture}'")


def _cannot_pull(container, message: str) -> TaskFailure:
    reason = f"CannotPullContainerError: {message}"
    return TaskFailure(reason, container.name, reason)


def _split(name: str) -> tuple[str, str]:
    if "@" in name:
        repository, digest = name.split("@", 1)
        return repository, digest
    if ":" in name.rsplit("/", 1)[-1]:
        repository, tag = name.rsplit(":", 1)
        return repository, tag
    return name, "latest"

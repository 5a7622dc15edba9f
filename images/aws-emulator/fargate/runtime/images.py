"""The image of a container: what is there locally, else a pull, as Fargate words its failure."""

import docker.errors

from fargate.runtime.docker_client import client
from fargate.runtime.failures import TaskFailure, docker_words
from fargate.runtime.secrets import repository_credentials


def ensure_image(container) -> object:
    """The Docker image of a container definition; pulls it when Docker does not have it."""
    name = container.definition["image"]
    try:
        return client().images.get(name)
    except docker.errors.ImageNotFound:
        return _pull(container, name)


def _pull(container, name: str):
    repository, tag = _split(name)
    try:
        return client().images.pull(repository, tag=tag, auth_config=repository_credentials(container.definition))
    except docker.errors.APIError as error:
        reason = f"CannotPullContainerError: failed to pull image {name}: {docker_words(error)}"
        raise TaskFailure(reason, container.name, reason) from error


def _split(name: str) -> tuple[str, str]:
    if "@" in name:
        repository, digest = name.split("@", 1)
        return repository, digest
    if ":" in name.rsplit("/", 1)[-1]:
        repository, tag = name.rsplit(":", 1)
        return repository, tag
    return name, "latest"

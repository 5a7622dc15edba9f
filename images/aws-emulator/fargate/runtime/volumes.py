"""Task-scoped volumes: one Docker volume for a task and a volume name, gone with the task."""

from docker.types import Mount

from fargate.runtime.docker_client import client, labels
from fargate.settings import SETTINGS


def create_volumes(run) -> None:
    """Create the volumes that some container of the task mounts."""
    mounted = {mount["sourceVolume"]
               for container in run.containers for mount in container.definition.get("mountPoints") or []}
    for name in sorted(mounted):
        run.volumes[name] = client().volumes.create(
            f"{SETTINGS.run_id}-{run.task_id}-{name}",
            labels=labels(**{"com.amazonaws.ecs.task-arn": run.arn}))


def mounts(run, container, image) -> list[Mount]:
    """Mounts of a container. Only a path that the image names by VOLUME is filled from the image, as on Fargate."""
    declared = image_volumes(image)
    return [Mount(target=mount["containerPath"], source=run.volumes[mount["sourceVolume"]].name, type="volume",
                  read_only=bool(mount.get("readOnly")), no_copy=_path(mount) not in declared)
            for mount in container.definition.get("mountPoints") or []]


def fills_a_volume(container, image) -> bool:
    """Whether the image holds content for a volume that the container mounts."""
    declared = image_volumes(image)
    return any(_path(mount) in declared for mount in container.definition.get("mountPoints") or [])


def image_volumes(image) -> set[str]:
    """Paths that the image names by VOLUME."""
    return {path.rstrip("/") for path in (image.attrs.get("Config") or {}).get("Volumes") or {}}


def _path(mount: dict) -> str:
    return mount["containerPath"].rstrip("/")

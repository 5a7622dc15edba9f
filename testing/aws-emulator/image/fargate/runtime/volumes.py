"""Task-scoped volumes: one Docker volume for a task and a volume name, gone with the task.

With the switch for small disks each is a file system of its own, in memory; the pause container holds it mounted, or
Docker would drop what an image filled it with.
"""

from docker.types import Mount

from fargate.faults import FAULTS
from fargate.runtime.docker_client import client, labels
from fargate.settings import SETTINGS


def create_volumes(run) -> None:
    """Create the volumes that some container of the task mounts."""
    mounted = {mount["sourceVolume"]
               for container in run.containers for mount in container.definition.get("mountPoints") or []}
    for name in sorted(mounted):
        run.volumes[name] = client().volumes.create(
            f"{SETTINGS.run_id}-{run.task_id}-{name}",
            **({"driver_opts": _small(FAULTS.disk_mib)} if FAULTS.disk_mib else {}),
            labels=labels(**{"com.amazonaws.ecs.task-arn": run.arn}))


def _small(mib: int) -> dict:
    return {"type": "tmpfs", "device": "tmpfs", "o": f"size={mib}m"}


def holds(run) -> list[Mount]:
    """Mounts that keep the task's volumes as they are while no container of its own runs."""
    return [Mount(target=f"/held/{name}", source=volume.name, type="volume", no_copy=True)
            for name, volume in run.volumes.items()]


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

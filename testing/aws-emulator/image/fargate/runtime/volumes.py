"""Task-scoped volumes: one Docker volume per task and volume name, removed with the task.

With the switch for small disks, each is a separate file system in memory. The pause container keeps it mounted; otherwise
Docker would discard the content from the image.
"""

from docker.types import Mount

from fargate.faults import FAULTS
from fargate.runtime.docker_client import client, labels
from fargate.settings import SETTINGS


def create_volumes(run) -> None:
    """Create the volumes that the task's containers mount."""
    mounted = {mount["sourceVolume"]
               for container in run.containers for mount in container.definition.get("mountPoints") or []}
    for name in sorted(mounted):
        run.volumes[name] = client().volumes.create(
            f"{SETTINGS.run_id}-{run.task_id}-{name}",
            **({"driver_opts": _small(FAULTS.disk_mib)} if FAULTS.disk_mib else {}),
            labels=labels(**{"com.amazonaws.ecs.task-arn": run.arn}))


def _small(mib: int) -> dict:
    return {"type": "tmpfs", "device": "tmpfs", "o": f"size={mib}m"}


def pause_mounts(run) -> list[Mount]:
    """Mounts of the pause container that keep the content of the task's volumes."""
    return [Mount(target=f"/held/{name}", source=volume.name, type="volume", no_copy=True)
            for name, volume in run.volumes.items()]


def mounts(run, container, image) -> list[Mount]:
    """Mounts of a container. As on Fargate, only paths that the image declares by VOLUME are filled from the image."""
    declared = image_volumes(image)
    return [Mount(target=mount["containerPath"], source=run.volumes[mount["sourceVolume"]].name, type="volume",
                  read_only=bool(mount.get("readOnly")), no_copy=_path(mount) not in declared)
            for mount in container.definition.get("mountPoints") or []]


def fills_a_volume(container, image) -> bool:
    """Whether the image declares a mount path of the container by VOLUME."""
    declared = image_volumes(image)
    return any(_path(mount) in declared for mount in container.definition.get("mountPoints") or [])


def image_volumes(image) -> set[str]:
    """Paths that the image declares by VOLUME."""
    return {path.rstrip("/") for path in (image.attrs.get("Config") or {}).get("Volumes") or {}}


def _path(mount: dict) -> str:
    return mount["containerPath"].rstrip("/")

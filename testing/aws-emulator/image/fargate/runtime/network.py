"""One network namespace per task, held by a pause container, like the ENI of a Fargate task.

The pause container runs the emulator's own image. It maps 169.254.170.2:80, where Fargate serves credentials and
metadata, to the emulator. Nothing listens inside the task, so port 80 stays free for the task's containers.
"""

from ministack.services import ec2

from fargate.runtime.docker_client import (
    client,
    labels,
    own_address,
    own_container,
    task_network,
)
from fargate.runtime.volumes import pause_mounts
from fargate.settings import SETTINGS

FARGATE_ADDRESS = "169.254.170.2"

_PAUSE = """
for tool in iptables-nft iptables-legacy; do
  if $tool -t nat -A OUTPUT -d {address}/32 -p tcp --dport 80 -j DNAT --to-destination {target} 2>/dev/null; then
    echo mapped; break
  fi
done
echo ready
trap 'exit 0' TERM
while :; do sleep 86400 & wait; done
"""


def start_pause(run) -> None:
    """Start the pause container and report its address as the task's ENI."""
    script = _PAUSE.format(address=FARGATE_ADDRESS, target=f"{own_address()}:{SETTINGS.port}")
    run.pause = client().containers.create(
        own_container().image.id,
        entrypoint=["/bin/sh", "-c", script],
        command=[],
        name=f"{SETTINGS.run_id}-{run.task_id[:8]}-pause",
        network=task_network(),
        cap_add=["NET_ADMIN"],
        environment={},
        mounts=pause_mounts(run),
        labels=labels(**{"com.amazonaws.ecs.task-arn": run.arn, "com.amazonaws.ecs.container-name": "~pause"}),
    )
    run.pause.start()
    run.credentials_in_environment = not _address_is_mapped(run.pause)
    run.pause.reload()
    endpoint = run.pause.attrs["NetworkSettings"]["Networks"][task_network()]
    _attach(run, endpoint["IPAddress"], endpoint["MacAddress"])


def _address_is_mapped(pause) -> bool:
    """Wait until the pause container is ready. Returns whether the kernel accepted the mapping."""
    lines = b""
    for chunk in pause.logs(stream=True, follow=True):
        lines += chunk
        if b"ready" in lines:
            break
    return b"mapped" in lines


def _attach(run, address: str, mac: str) -> None:
    attachment = run.record["attachments"][0]
    attachment["status"] = "ATTACHED"
    attachment["details"] += [
        {"name": "macAddress", "value": mac},
        {"name": "privateDnsName", "value": f"ip-{address.replace('.', '-')}.ec2.internal"},
        {"name": "privateIPv4Address", "value": address},
    ]
    for container in run.containers:
        container.record["networkInterfaces"] = [
            {"attachmentId": attachment["id"], "privateIpv4Address": address}]


def availability_zone(subnet: str, region: str) -> str:
    """The availability zone of a subnet, and thus of the task."""
    return (ec2._subnets.get(subnet) or {}).get("AvailabilityZone") or f"{region}a"

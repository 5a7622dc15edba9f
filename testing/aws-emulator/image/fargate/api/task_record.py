"""The initial record of a task, as returned by RunTask."""

import copy
import uuid

from ministack.core.responses import get_account_id, get_region, now_iso

from fargate.rules.sizes import check_task_size
from fargate.runtime.network import availability_zone


def new_record(data: dict, cluster: dict, definition: dict, provider: str | None) -> dict:
    """A task in PROVISIONING."""
    overrides = {"containerOverrides": [], "inferenceAcceleratorOverrides": [],
                 **copy.deepcopy(data.get("overrides") or {})}
    units, mib = check_task_size(overrides.get("cpu") or definition["cpu"],
                                 overrides.get("memory") or definition["memory"])
    region, account, task_id = get_region(), get_account_id(), uuid.uuid4().hex
    arn = f"arn:aws:ecs:{region}:{account}:task/{cluster['clusterName']}/{task_id}"
    subnet = data["networkConfiguration"]["awsvpcConfiguration"]["subnets"][0]
    architecture = (definition.get("runtimePlatform") or {}).get("cpuArchitecture", "X86_64").lower()
    return {
        "taskArn": arn,
        "clusterArn": cluster["clusterArn"],
        "taskDefinitionArn": definition["taskDefinitionArn"],
        "attachments": [_network_interface(subnet)],
        "attributes": [{"name": "ecs.cpu-architecture", "value": architecture}],
        "availabilityZone": availability_zone(subnet, region),
        "capacityProviderName": provider,
        "connectivity": None,
        "connectivityAt": None,
        "containers": [_container(container, arn, cluster, region, account)
                       for container in definition["containerDefinitions"]],
        "cpu": str(units),
        "memory": str(mib),
        "createdAt": now_iso(),
        "desiredStatus": "RUNNING",
        "lastStatus": "PROVISIONING",
        "enableExecuteCommand": bool(data.get("enableExecuteCommand", False)),
        "ephemeralStorage": overrides.get("ephemeralStorage") or definition.get("ephemeralStorage")
        or {"sizeInGiB": 20},
        "group": data.get("group") or f"family:{definition['family']}",
        "healthStatus": "UNKNOWN",
        "launchType": "FARGATE",
        "overrides": overrides,
        "platformFamily": "Linux",
        "platformVersion": "1.4.0" if data.get("platformVersion") in (None, "", "LATEST") else data["platformVersion"],
        "pullStartedAt": None,
        "startedBy": data.get("startedBy") or None,
        "updatedAt": now_iso(),
        "version": 1,
    }


def _network_interface(subnet: str) -> dict:
    return {
        "id": str(uuid.uuid4()),
        "type": "ElasticNetworkInterface",
        "status": "PRECREATED",
        "details": [
            {"name": "subnetId", "value": subnet},
            {"name": "networkInterfaceId", "value": f"eni-{uuid.uuid4().hex[:17]}"},
        ],
    }


def _container(container: dict, task_arn: str, cluster: dict, region: str, account: str) -> dict:
    path = f"{cluster['clusterName']}/{task_arn.rsplit('/', 1)[-1]}/{uuid.uuid4()}"
    return {
        "containerArn": f"arn:aws:ecs:{region}:{account}:container/{path}",
        "taskArn": task_arn,
        "name": container["name"],
        "image": container["image"],
        "lastStatus": "PENDING",
        "networkInterfaces": [],
        "healthStatus": "UNKNOWN",
        "cpu": str(container.get("cpu") or 0),
        "memory": str(container["memory"]) if container.get("memory") else None,
        "memoryReservation": str(container["memoryReservation"]) if container.get("memoryReservation") else None,
    }

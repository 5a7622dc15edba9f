"""DeleteCluster, which ECS refuses while the cluster has active tasks."""

from ministack.services import ecs
from ministack.services.cloudformation import provisioners

from fargate.api.lookup import find_cluster, tasks_of
from fargate.errors import AwsError, aws_action

_CONTAINS_TASKS = "The Cluster cannot be deleted while Tasks are active."


def _remove(reference) -> dict:
    cluster = find_cluster(reference)
    if any(record["lastStatus"] != "STOPPED" for record in tasks_of(cluster)):
        raise AwsError("ClusterContainsTasksException", _CONTAINS_TASKS)
    ecs._clusters.pop(cluster["clusterName"], None)
    ecs._tags.pop(cluster["clusterArn"], None)
    return {**cluster, "status": "INACTIVE"}


@aws_action
def delete_cluster(data):
    """DeleteCluster."""
    return {"cluster": _remove(data.get("cluster"))}


def _delete_resource(physical_id, _properties) -> None:
    """Delete an AWS::ECS::Cluster. As in CloudFormation, a missing cluster is no failure."""
    try:
        _remove(physical_id)
    except AwsError as error:
        if error.code != "ClusterNotFoundException":
            raise ValueError(f"{error.message} (Service: AmazonECS; Status Code: 400; Error Code: {error.code})") from error


def install() -> None:
    """Use the same deletion in CloudFormation."""
    provisioners._RESOURCE_HANDLERS["AWS::ECS::Cluster"]["delete"] = _delete_resource

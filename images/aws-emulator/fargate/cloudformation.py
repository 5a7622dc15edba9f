"""CloudFormation's ECS resources through the same rules, and one that MiniStack does not know."""

from ministack.services import ecs
from ministack.services.cloudformation import provisioners

from fargate.api.task_definitions import register
from fargate.errors import AwsError

_FREE_KEYS = {"dockerLabels", "options", "driverOpts", "labels"}
"""Members whose keys are the user's own and keep their case."""


def camel_case(value):
    """CloudFormation's PascalCase members as the ECS API's camelCase."""
    if isinstance(value, list):
        return [camel_case(item) for item in value]
    if not isinstance(value, dict):
        return value
    pairs = ((key[:1].lower() + key[1:], item) for key, item in value.items())
    return {key: item if key in _FREE_KEYS else camel_case(item) for key, item in pairs}


_NUMBERS = {"containerPort", "hostPort", "stopTimeout", "startTimeout", "interval", "timeout", "retries", "startPeriod",
            "sizeInGiB", "memoryReservation", "softLimit", "hardLimit", "size"}
_BOOLEANS = {"essential", "readOnly", "readonlyRootFilesystem", "privileged", "pseudoTerminal", "interactive",
             "initProcessEnabled", "disableNetworking", "enableFaultInjection"}


def typed(value, key: str = ""):
    """Templates may give numbers and booleans as strings, and strings as numbers; the API does not."""
    if isinstance(value, list):
        return [typed(item, key) for item in value]
    if isinstance(value, dict):
        return {name: item if name in _FREE_KEYS else typed(item, name) for name, item in value.items()}
    if key in _NUMBERS:
        return int(value)
    if key in _BOOLEANS:
        return value in (True, "true")
    return str(value) if key == "value" else value


def create_task_definition(logical_id, properties, stack_name):
    """AWS::ECS::TaskDefinition."""
    data = typed(camel_case(properties))
    data.setdefault("family", f"{stack_name}-{logical_id}".replace(".", "-"))
    try:
        arn = register(data)["taskDefinition"]["taskDefinitionArn"]
    except AwsError as error:
        raise ValueError(f"{error.message} (Service: AmazonECS; Error Code: {error.code})") from error
    return arn, {"TaskDefinitionArn": arn}


def update_task_definition(physical_id, old, new, stack_name, logical_id=None):
    """Tags change in place; anything else is a new revision."""
    without_tags = ({k: v for k, v in properties.items() if k != "Tags"} for properties in (old, new))
    if next(without_tags) != next(without_tags):
        return create_task_definition(logical_id or physical_id, new, stack_name)
    ecs._tags[physical_id] = camel_case(new.get("Tags") or [])
    return physical_id, {"TaskDefinitionArn": physical_id}


def associate_capacity_providers(logical_id, properties, stack_name):
    """AWS::ECS::ClusterCapacityProviderAssociations, what CDK makes of `enableFargateCapacityProviders`."""
    name = ecs._resolve_cluster_name(properties["Cluster"])
    cluster = ecs._clusters.get(name)
    if cluster is None:
        raise ValueError(f"Cluster {name} not found.")
    cluster["capacityProviders"] = list(properties.get("CapacityProviders") or [])
    cluster["defaultCapacityProviderStrategy"] = camel_case(properties.get("DefaultCapacityProviderStrategy") or [])
    return name, {}


def _update_associations(physical_id, old, new, stack_name):
    return associate_capacity_providers(physical_id, new, stack_name)


def _remove_associations(physical_id, properties):
    cluster = ecs._clusters.get(physical_id)
    if cluster:
        cluster.update(capacityProviders=[], defaultCapacityProviderStrategy=[])


def install() -> None:
    """Put these in MiniStack's table of resource types."""
    handlers = provisioners._RESOURCE_HANDLERS
    handlers["AWS::ECS::TaskDefinition"].update(create=create_task_definition, update=update_task_definition)
    handlers["AWS::ECS::ClusterCapacityProviderAssociations"] = {
        "create": associate_capacity_providers, "update": _update_associations, "delete": _remove_associations}

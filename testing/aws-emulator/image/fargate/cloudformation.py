"""CloudFormation's ECS resources with the same rules, and three resource types that MiniStack lacks."""

import re
import uuid

from ministack.services import ec2, ecs
from ministack.services.cloudformation import provisioners

from fargate.api.task_definitions import register
from fargate.errors import AwsError

_FREE_KEYS = {"dockerLabels", "options", "driverOpts", "labels"}
"""Members whose keys are chosen by the user and keep their case."""


def camel_case(value):
    """Convert CloudFormation's PascalCase members to the ECS API's camelCase."""
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
    """Convert types: templates may give numbers and booleans as strings, and strings as numbers; the API may not."""
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
    """Update tags in place; create a new revision for any other change."""
    without_tags = ({k: v for k, v in properties.items() if k != "Tags"} for properties in (old, new))
    if next(without_tags) != next(without_tags):
        return create_task_definition(logical_id or physical_id, new, stack_name)
    ecs._tags[physical_id] = camel_case(new.get("Tags") or [])
    return physical_id, {"TaskDefinitionArn": physical_id}


def associate_capacity_providers(logical_id, properties, stack_name):
    """AWS::ECS::ClusterCapacityProviderAssociations, which CDK creates for `enableFargateCapacityProviders`."""
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


def allow_egress(logical_id, properties, stack_name):
    """AWS::EC2::SecurityGroupEgress: a separate egress rule, for example of two groups that reference each other."""
    destinations = [key for key in ("CidrIp", "CidrIpv6", "DestinationPrefixListId", "DestinationSecurityGroupId")
                    if properties.get(key)]
    if len(destinations) != 1:
        raise ValueError("Exactly one destination must be given "
                         f"(CidrIp, CidrIpv6, DestinationPrefixListId, DestinationSecurityGroupId), not {destinations}.")
    named = [properties["GroupId"], properties.get("DestinationSecurityGroupId")]
    for group in filter(None, named):
        if group not in ec2._security_groups:
            raise ValueError(f"The security group '{group}' does not exist (Error Code: InvalidGroup.NotFound)")
    rules = ec2._security_groups[properties["GroupId"]]["IpPermissionsEgress"]
    rules.extend(provisioners._ec2_sg_permissions([properties]))
    return f"sgr-{uuid.uuid4().hex[:17]}", {}


def _update_egress(physical_id, old, new, stack_name):
    _remove_egress(physical_id, old)
    return allow_egress(physical_id, new, stack_name)


def _remove_egress(physical_id, properties):
    group = ec2._security_groups.get(properties["GroupId"])
    for rule in provisioners._ec2_sg_permissions([properties]):
        if group and rule in group["IpPermissionsEgress"]:
            group["IpPermissionsEgress"].remove(rule)


_QUERY_MEMBERS = {"Name": r"[^:*]{1,255}", "QueryString": r"[\s\S]{1,10000}"}
_LOG_GROUP_NAME = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}")
_QUERIED_GROUPS = 50


def define_query(logical_id, properties, stack_name):
    """AWS::Logs::QueryDefinition: checked, but not stored. As on AWS, the log groups need not exist."""
    for name, pattern in _QUERY_MEMBERS.items():
        if not re.fullmatch(pattern, properties.get(name) or ""):
            raise ValueError(f"{name} of a query definition must match {pattern} (Error Code: InvalidParameterException)")
    groups = properties.get("LogGroupNames") or []
    if len(groups) > _QUERIED_GROUPS or not all(_LOG_GROUP_NAME.fullmatch(group) for group in groups):
        raise ValueError("LogGroupNames of a query definition are invalid (Error Code: InvalidParameterException)")
    return str(uuid.uuid4()), {}


def _update_query(physical_id, old, new, stack_name):
    define_query(physical_id, new, stack_name)
    return physical_id, {}


def install() -> None:
    """Register the resource types in MiniStack."""
    handlers = provisioners._RESOURCE_HANDLERS
    handlers["AWS::ECS::TaskDefinition"].update(create=create_task_definition, update=update_task_definition)
    handlers["AWS::ECS::ClusterCapacityProviderAssociations"] = {
        "create": associate_capacity_providers, "update": _update_associations, "delete": _remove_associations}
    handlers["AWS::EC2::SecurityGroupEgress"] = {
        "create": allow_egress, "update": _update_egress, "delete": _remove_egress}
    handlers["AWS::Logs::QueryDefinition"] = {
        "create": define_query, "update": _update_query, "delete": lambda physical_id, properties: None}

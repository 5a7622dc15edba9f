"""TagResource, UntagResource and ListTagsForResource."""

from ministack.services import ecs

from fargate.errors import access_denied, aws_action, invalid_parameter
from fargate.rules.tags import check_tags

_lists = ((ecs._clusters, "clusterArn"), (ecs._task_defs, "taskDefinitionArn"), (ecs._services, "serviceArn"))


@aws_action
def tag_resource(data: dict) -> dict:
    """Add tags, or replace the values of existing ones."""
    arn = _resource(data, changes=True)
    tags = data.get("tags") or []
    existing = ecs._tags.get(arn, [])
    check_tags(tags, existing)
    merged = {tag["key"]: tag for tag in existing}
    merged.update({tag["key"]: {"key": tag["key"], "value": tag.get("value") or ""} for tag in tags})
    ecs._tags[arn] = list(merged.values())
    return {}


@aws_action
def untag_resource(data: dict) -> dict:
    """Remove tags by key; ignores missing keys."""
    arn = _resource(data, changes=True)
    keys = set(data.get("tagKeys") or [])
    ecs._tags[arn] = [tag for tag in ecs._tags.get(arn, []) if tag["key"] not in keys]
    return {}


@aws_action
def list_tags_for_resource(data: dict) -> dict:
    """The tags of a resource."""
    return {"tags": list(ecs._tags.get(_resource(data, changes=False), []))}


def _resource(data: dict, changes: bool) -> str:
    """The requested ARN, which must exist. A stopped task accepts no tags."""
    arn = data.get("resourceArn") or ""
    if not arn.startswith("arn:"):
        raise invalid_parameter("resourceArn is not a valid ARN.")
    task = ecs._tasks.get(arn)
    if task is not None:
        if changes and task["lastStatus"] == "STOPPED":
            raise invalid_parameter("The specified task is stopped. Specify a running task and try again.")
        if changes and task.get("_tagsDeleted"):
            # Roles that may tag a task only by its existing tags, like those of this project, no longer may.
            raise access_denied("ecs:TagResource", arn)
        return arn
    if any(record.get(field) == arn for store, field in _lists for record in store.values()):
        return arn
    raise invalid_parameter("The specified resource was not found. Specify a valid resource ARN and try again.")

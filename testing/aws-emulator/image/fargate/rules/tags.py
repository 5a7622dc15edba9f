"""ECS's rules for tags: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Tag.html"""

import re

from fargate.errors import invalid_parameter

MAX_TAGS = 50
_CHARACTERS = re.compile(r"[\w\s+\-=._:/@]*")


def check_tags(tags: list, existing: list = ()) -> None:
    """Refuse tags that are malformed or reserved, or more than 50 including the existing ones."""
    keys = [tag.get("key") or "" for tag in tags]
    if len(set(keys)) != len(keys):
        raise invalid_parameter("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    for tag in tags:
        _check_tag(tag.get("key") or "", tag.get("value") or "")
    if len({tag["key"] for tag in existing} | set(keys)) > MAX_TAGS:
        raise invalid_parameter(f"The maximum number of tags per resource is {MAX_TAGS}.")


def _check_tag(key: str, value: str) -> None:
    if not 1 <= len(key) <= 128:
        raise invalid_parameter("Tag key must be between 1 and 128 characters long.")
    if key.lower().startswith("aws:"):
        raise invalid_parameter("Tag keys cannot start with 'aws:', which is reserved for AWS use.")
    if len(value) > 256:
        raise invalid_parameter("Tag value must be at most 256 characters long.")
    if not _CHARACTERS.fullmatch(key) or not _CHARACTERS.fullmatch(value):
        raise invalid_parameter(
            "Tag keys and values may contain letters, numbers, spaces and the characters + - = . _ : / @ only.")

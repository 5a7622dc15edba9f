"""`secrets` and registry credentials of a container, read from the emulator's own stores."""

import json

from ministack.services import secretsmanager, ssm

from fargate.runtime.failures import initialization_error


def resolve_secrets(definition: dict) -> dict:
    """Environment variables of a container's `secrets`. A missing secret fails the task's start."""
    return {secret["name"]: _value(secret["valueFrom"]) for secret in definition.get("secrets") or []}


def _value(reference: str) -> str:
    if ":secretsmanager:" in reference:
        return _from_secrets_manager(reference)
    value = ssm.resolve_parameter_value(reference, decrypt=True)
    if value is None:
        raise initialization_error("unable to pull secrets or registry auth: execution resource retrieval failed: "
                                   f"unable to retrieve secrets from ssm: invalid parameters: {reference}")
    return str(value)


def _from_secrets_manager(reference: str) -> str:
    """Resolve an ARN, optionally followed by `:json-key:version-stage:version-id`."""
    parts = reference.split(":")
    arn, rest = ":".join(parts[:7]), parts[7:] + ["", "", ""]
    value = secretsmanager.resolve_secret_string(arn, rest[1] or "AWSCURRENT", rest[2] or None)
    if value is None:
        raise _missing_secret(reference)
    if not rest[0]:
        return value
    try:
        return str(json.loads(value)[rest[0]])
    except (ValueError, KeyError, TypeError):
        raise _missing_secret(reference) from None


def _missing_secret(reference: str):
    return initialization_error("unable to pull secrets or registry auth: execution resource retrieval failed: "
                                f"unable to retrieve secret from asm: {reference}")


def repository_credentials(definition: dict):
    """docker-py's auth_config of `repositoryCredentials`, or None."""
    reference = (definition.get("repositoryCredentials") or {}).get("credentialsParameter")
    if not reference:
        return None
    try:
        found = json.loads(_from_secrets_manager(reference))
        return {"username": found["username"], "password": found["password"]}
    except (ValueError, KeyError, TypeError):
        raise _missing_secret(reference) from None

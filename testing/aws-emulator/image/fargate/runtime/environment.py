"""Environment of a task's container: its own variables and Fargate's."""

from fargate.credentials import CREDENTIALS
from fargate.runtime.docker_client import endpoint_url
from fargate.runtime.metadata import register
from fargate.runtime.network import FARGATE_ADDRESS
from fargate.runtime.secrets import resolve_secrets
from fargate.settings import SETTINGS


def container_environment(run, container) -> dict:
    """Secrets, then the definition merged with its override, then Fargate's variables."""
    own = {pair["name"]: pair["value"] for pair in container.definition.get("environment") or []}
    return {**resolve_secrets(container.definition), **own, **_fargate(run, container), **_role(run)}


def _fargate(run, container) -> dict:
    container.metadata_token = register(run, container)
    base = endpoint_url() if run.credentials_in_environment else f"http://{FARGATE_ADDRESS}"
    return {
        "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
        "AWS_REGION": run.region,
        "AWS_DEFAULT_REGION": run.region,
        "ECS_CONTAINER_METADATA_URI_V4": f"{base}/v4/{container.metadata_token}",
        "ECS_AGENT_URI": f"{base}/api/{container.metadata_token}",
    }


def _role(run) -> dict:
    """Credentials and endpoint, only for tasks with a task role. Other tasks cannot call AWS."""
    if not run.role_arn:
        return {}
    endpoint = {"AWS_ENDPOINT_URL": SETTINGS.task_endpoint or endpoint_url()}
    if run.credentials_in_environment:
        return {**endpoint, **CREDENTIALS.as_environment(run.role_arn)}
    return {**endpoint, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": CREDENTIALS.path_for(run.task_id, run.role_arn)}

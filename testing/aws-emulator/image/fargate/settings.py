"""Settings of the emulator from its environment."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Settings of the container. The defaults suit a manual run."""

    run_id: str
    """Label and name prefix of all Docker resources (`SANDBOX_RUN_ID`, default `aws-emulator`)."""
    network: str
    """Docker network of the tasks (`FARGATE_NETWORK`, default the emulator's own first network)."""
    stopped_kept_seconds: float
    """How long ECS lists a stopped task (`FARGATE_STOPPED_TASKS_KEPT_SECONDS`, default 3600)."""
    port: int
    """Port of the AWS endpoint (`GATEWAY_PORT`, default 4566)."""
    task_endpoint: str
    """AWS endpoint for tasks (`FARGATE_AWS_ENDPOINT_URL`, default the emulator's own address)."""


def read_settings(environment=os.environ) -> Settings:
    """Read the settings from the environment."""
    return Settings(
        run_id=environment.get("SANDBOX_RUN_ID", "aws-emulator"),
        network=environment.get("FARGATE_NETWORK", ""),
        stopped_kept_seconds=float(environment.get("FARGATE_STOPPED_TASKS_KEPT_SECONDS", "3600")),
        port=int(environment.get("GATEWAY_PORT", "4566")),
        task_endpoint=environment.get("FARGATE_AWS_ENDPOINT_URL", ""),
    )


SETTINGS = read_settings()
LABEL = "serverless-gitlab-runner.sandbox"

"""Failures of task starts, with ECS's messages."""

from fargate.faults import FAULTS

_ECS_CALLS = frozenset({"logs:CreateLogStream"})
"""Actions that ECS performs with a task's execution role and that the switch `denied` supports."""


class TaskFailure(Exception):
    """A task that fails to start. `reason` is its stoppedReason, `container_reason` the reason of its `container`."""

    def __init__(self, reason: str, container: str = "", container_reason: str = ""):
        super().__init__(reason)
        self.reason = reason
        self.container = container
        self.container_reason = container_reason


def docker_message(error: Exception) -> str:
    """The daemon's explanation of an API error."""
    return str(getattr(error, "explanation", None) or error)


def initialization_error(message: str) -> TaskFailure:
    """ResourceInitializationError: secrets, logging or network could not be prepared."""
    return TaskFailure(f"ResourceInitializationError: {message}")


def denied_actions(denied: dict[str, list[str]]) -> dict[str, list[str]]:
    """The switch's roles by action. Raises ValueError for an unsupported action."""
    unknown = set(denied) - _ECS_CALLS
    if unknown:
        raise ValueError(f"ECS does not call {sorted(unknown)} with an execution role")
    return {action: [str(role) for role in roles] for action, roles in denied.items()}


def refuse_denied(run, action: str, message: str, resource: str) -> None:
    """Fail the task's start if its execution role is denied the action."""
    role = run.definition.get("executionRoleArn", "")
    if role not in FAULTS.denied.get(action, []):
        return
    user = f"arn:aws:sts::{run.account}:assumed-role/{role.rsplit('/', 1)[-1]}/{run.task_id}"
    raise initialization_error(f"{message}: AccessDeniedException: User: {user} is not authorized to perform: {action} on "
                               f"resource: {resource} with an explicit deny in a service control policy")

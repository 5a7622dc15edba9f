"""Why a task could not start, in ECS's words."""

from fargate.faults import FAULTS

_ECS_CALLS = frozenset({"logs:CreateLogStream"})
"""What the switch `denied` knows of that ECS does in the name of a task's execution role."""


class TaskFailure(Exception):
    """A task that fails to start; `reason` is its stoppedReason, `container` the container's own reason."""

    def __init__(self, reason: str, container: str = "", container_reason: str = ""):
        super().__init__(reason)
        self.reason = reason
        self.container = container
        self.container_reason = container_reason


def docker_words(error: Exception) -> str:
    """The daemon's own explanation of an API error."""
    return str(getattr(error, "explanation", None) or error)


def initialization_error(words: str) -> TaskFailure:
    """ResourceInitializationError: secrets, logging or network could not be prepared."""
    return TaskFailure(f"ResourceInitializationError: {words}")


def denied_actions(denied: dict[str, list[str]]) -> dict[str, list[str]]:
    """The switch's roles by action; raises ValueError for an action that ECS does not call."""
    unknown = set(denied) - _ECS_CALLS
    if unknown:
        raise ValueError(f"ECS does not call {sorted(unknown)} in the name of an execution role")
    return {action: [str(role) for role in roles] for action, roles in denied.items()}


def refuse_denied(run, action: str, words: str, resource: str) -> None:
    """Fail the task's start where its execution role is denied the action."""
    role = run.definition.get("executionRoleArn", "")
    if role not in FAULTS.denied.get(action, []):
        return
    user = f"arn:aws:sts::{run.account}:assumed-role/{role.rsplit('/', 1)[-1]}/{run.task_id}"
    raise initialization_error(f"{words}: AccessDeniedException: User: {user} is not authorized to perform: {action} on "
                               f"resource: {resource} with an explicit deny in a service control policy")

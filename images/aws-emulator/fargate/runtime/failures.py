"""Why a task could not start, in ECS's words."""


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

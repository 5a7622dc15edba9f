"""`awslogs`: a container's output as events of a CloudWatch Logs stream."""

import threading
import time

from ministack.core.responses import request_scope
from ministack.services import cloudwatch_logs

from fargate.runtime.failures import initialization_error, refuse_denied


def prepare_logs(run) -> None:
    """Create the log streams of the task's containers. As on Fargate, a missing group fails the start."""
    for container in run.containers:
        options = _options(container)
        if options:
            refuse_denied(run, "logs:CreateLogStream", "failed to validate logger args: create stream has been retried "
                          "1 times: failed to create Cloudwatch log stream", options["awslogs-group"])
            with request_scope(run.account, options["awslogs-region"]):
                _make_stream(options, stream_name(run, container))


def forward_logs(run, container) -> None:
    """Start copying a container's output to its log stream."""
    options = _options(container)
    if not options:
        return
    container.log_thread = threading.Thread(
        target=_forward, args=(run, container, options), daemon=True, name=f"fargate-logs-{run.task_id[:8]}")
    container.log_thread.start()


def finish_logs(run, seconds: float) -> None:
    """Wait until the containers' output is in the log streams."""
    deadline = time.monotonic() + seconds
    for container in run.containers:
        if container.log_thread:
            container.log_thread.join(max(0.0, deadline - time.monotonic()))


def stream_name(run, container) -> str:
    """`prefix/container/task id`."""
    return f"{_options(container)['awslogs-stream-prefix']}/{container.name}/{run.task_id}"


def _options(container) -> dict | None:
    configuration = container.definition.get("logConfiguration") or {}
    return configuration.get("options") if configuration.get("logDriver") == "awslogs" else None


def _make_stream(options: dict, stream: str) -> None:
    group = options["awslogs-group"]
    if group not in cloudwatch_logs._log_groups:
        if options.get("awslogs-create-group") != "true":
            raise initialization_error("failed to validate logger args: The task cannot find the Amazon CloudWatch "
                                       f"log group {group} defined in the task definition.")
        cloudwatch_logs._create_log_group({"logGroupName": group})
    cloudwatch_logs._create_log_stream({"logGroupName": group, "logStreamName": stream})


def _forward(run, container, options: dict) -> None:
    with request_scope(run.account, options["awslogs-region"]):
        rest = b""
        for chunk in container.docker.logs(stream=True, follow=True):
            *lines, rest = (rest + chunk).split(b"\n")
            _put(run, container, options, lines)
        _put(run, container, options, [rest] if rest else [])


def _put(run, container, options: dict, lines: list[bytes]) -> None:
    now = int(time.time() * 1000)
    messages = [line.decode(errors="replace").rstrip("\r") for line in lines]
    events = [{"timestamp": now, "message": message} for message in messages if message]
    if events:
        cloudwatch_logs._put_log_events({
            "logGroupName": options["awslogs-group"],
            "logStreamName": stream_name(run, container),
            "logEvents": events,
        })

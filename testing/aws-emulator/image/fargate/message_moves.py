"""SQS's StartMessageMoveTask and ListMessageMoveTasks, which MiniStack lacks.

As on AWS, the source must be the dead-letter queue of an SQS queue. Without a destination each message returns to its original queue,
so a message that was sent to the dead-letter queue directly fails the task.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
"""

import json
import time
import uuid

from ministack.services import sqs

_TASKS: list[dict] = []
_NOT_A_DEAD_LETTER_QUEUE = "Source queue must be configured as a Dead Letter Queue."


def _queue(arn: str) -> dict:
    queue = sqs._queue_by_arn(arn or "")
    if queue is None:
        raise sqs._Err("ResourceNotFoundException", "The resource that you specified for the SourceArn parameter doesn't exist.", 404)
    return queue


def _is_dead_letter_queue(arn: str) -> bool:
    policies = (json.loads(queue["attributes"].get("RedrivePolicy") or "{}") for queue in sqs._queues.values())
    return any(policy.get("deadLetterTargetArn") == arn for policy in policies)


def start(data: dict, _url: str) -> dict:
    """StartMessageMoveTask. The move is complete when this returns."""
    source_arn, destination_arn = data.get("SourceArn"), data.get("DestinationArn")
    source = _queue(source_arn)
    if not _is_dead_letter_queue(source_arn):
        raise sqs._Err("InvalidParameterValue", _NOT_A_DEAD_LETTER_QUEUE)
    if destination_arn:
        _queue(destination_arn)
    moving = list(source["messages"])
    task = {"TaskHandle": uuid.uuid4().hex, "Status": "COMPLETED", "SourceArn": source_arn, "StartedTimestamp": int(time.time() * 1000),
            "ApproximateNumberOfMessagesMoved": 0, "ApproximateNumberOfMessagesToMove": len(moving)}
    if destination_arn:
        task["DestinationArn"] = destination_arn
    for message in moving:
        target = sqs._queue_by_arn(destination_arn or message.get("sys", {}).get("DeadLetterQueueSourceArn", ""))
        if target is None:
            task.update(Status="FAILED", FailureReason="CouldNotDetermineMessageSource")
            break
        _move(message, source, target)
        task["ApproximateNumberOfMessagesMoved"] += 1
    _TASKS.insert(0, task)
    return {"TaskHandle": task["TaskHandle"]}


def _move(message: dict, source: dict, target: dict) -> None:
    source["messages"].remove(message)
    system = {key: value for key, value in message.get("sys", {}).items() if key != "DeadLetterQueueSourceArn"}
    target["messages"].append({**message, "receipt_handle": None, "receive_count": 0, "visible_at": time.time(), "sys": system})
    sqs.esm_wake.set()


def list_tasks(data: dict, _url: str) -> dict:
    """ListMessageMoveTasks: newest first, at most MaxResults (default 1)."""
    tasks = [task for task in _TASKS if task["SourceArn"] == data.get("SourceArn")]
    return {"Results": [{key: value for key, value in task.items() if key != "TaskHandle" or task["Status"] == "RUNNING"}
                        for task in tasks[: int(data.get("MaxResults", 1))]]}


def install() -> None:
    """Register both actions in MiniStack's SQS."""
    sqs._HANDLERS.update(StartMessageMoveTask=start, ListMessageMoveTasks=list_tasks)

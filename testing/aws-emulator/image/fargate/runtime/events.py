"""`ECS Task State Change` on the default bus, in the order of the states.

Shape: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
"""

import copy
import json
import logging
import queue
import threading

from ministack.core.responses import request_scope

logger = logging.getLogger("fargate")

_queue: queue.Queue = queue.Queue()


def wire(record):
    """A stored record as returned by the API: without private members and empty values."""
    if isinstance(record, dict):
        return {key: wire(value) for key, value in record.items()
                if not key.startswith("_") and value is not None}
    if isinstance(record, list):
        return [wire(item) for item in record]
    return record


def emit_task_state(run) -> None:
    """Queue the task's current state. The task's worker does not wait for the event's targets."""
    detail = copy.deepcopy(wire(run.record))
    detail.pop("tags", None)
    _queue.put((run.account, run.region, run.arn, detail))


def _put(account: str, region: str, arn: str, detail: dict) -> None:
    from ministack.services import eventbridge

    with request_scope(account, region):
        eventbridge._put_events({"Entries": [{
            "Source": "aws.ecs",
            "DetailType": "ECS Task State Change",
            "Resources": [arn],
            "Detail": json.dumps(detail),
        }]}, allow_aws_source=True)


def _deliver() -> None:
    while True:
        event = _queue.get()
        try:
            _put(*event)
        except Exception:
            logger.exception("could not put the state change of %s on the bus", event[2])


def start_delivery() -> None:
    """Start the thread that puts state changes on the bus."""
    threading.Thread(target=_deliver, daemon=True, name="fargate-events").start()

"""`ECS Task State Change` on the default bus, in the order in which the states came.

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
    """A stored record as it goes over the wire: no private members, nothing that has no value."""
    if isinstance(record, dict):
        return {key: wire(value) for key, value in record.items()
                if not key.startswith("_") and value is not None}
    if isinstance(record, list):
        return [wire(item) for item in record]
    return record


def emit_task_state(run) -> None:
    """Queue the task's present state; the task's worker does not wait for the event's targets."""
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
    """Start the one thread that puts state changes on the bus."""
    threading.Thread(target=_deliver, daemon=True, name="fargate-events").start()

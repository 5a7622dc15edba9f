"""One thread per task: starts it, waits for its end, stops it."""

import logging
import threading

from ministack.core.responses import request_scope

from fargate.runtime.failures import TaskFailure
from fargate.runtime.start import start_task
from fargate.runtime.stop import stop_task

logger = logging.getLogger("fargate")


def run_in_background(run) -> None:
    """Start the task's worker."""
    threading.Thread(target=_work, args=(run,), daemon=True, name=f"fargate-task-{run.task_id[:8]}").start()


def _work(run) -> None:
    with request_scope(run.account, run.region):
        try:
            start_task(run)
        except TaskFailure as failure:
            _fail(run, failure)
        except Exception as error:
            logger.exception("task %s could not be started", run.arn)
            _fail(run, TaskFailure(f"ResourceInitializationError: {error}"))
        with run.changed:
            run.changed.wait_for(lambda: run.stopping)
        stop_task(run)
        logger.info("task %s stopped: %s", run.arn, run.record["stoppedReason"])


def _fail(run, failure: TaskFailure) -> None:
    logger.warning("task %s failed to start: %s %s", run.arn, failure.reason, failure.container_reason)
    with run.changed:
        if failure.container:
            run.container(failure.container).record["reason"] = failure.container_reason or failure.reason
        run.request_stop("TaskFailedToStart", failure.reason)

"""Switches for AWS's faults, as HTTP paths.

`PUT /_fargate/capacity` with `{"FARGATE_SPOT": {"reason": "Capacity is unavailable at this time", "times": 2}}`: RunTask returns
that failure; without `times` until `{"FARGATE_SPOT": null}`; with `"error": true` as an error instead of a failure.
`POST /_fargate/interrupt` with `{"task": "<ARN>", "seconds": 2}`: a Spot interruption; all containers are killed after `seconds`.
`PUT /_fargate/faults` with `{"throttle": {"RunTask": 2}, "lagSeconds": 1, "diskMib": 32, "stopKeepsTags": true,
"stoppedKeptSeconds": 3600, "denied": {"logs:CreateLogStream": ["<ARN of an execution role>"]}}`.
`PUT /_fargate/rates` with `{"reads": 10}`: that bucket of the account's request rates passes no calls for 10 seconds;
`DELETE` fills all buckets and resets their counts.
`PUT /_fargate/starts` with `{"seconds": 20, "deviation": 4, "seed": 1, "megabytesPerSecond": 30}`: start times as on Fargate.
`PUT /_fargate/account` with `{"new": true, "lagSeconds": 2, "mayCreateRole": true}`: an account without ECS's service-linked role.
`GET` of capacity, faults, rates, starts and account returns their state.
"""

import json

from fargate import service_linked_role
from fargate.capacity import CAPACITY, WARNING_SECONDS, interrupt
from fargate.faults import FAULTS
from fargate.rates import RATES
from fargate.runtime.failures import denied_actions
from fargate.settings import SETTINGS
from fargate.start_times import START_TIMES

PREFIX = "/_fargate/"


def respond(method: str, path: str, body: bytes) -> tuple[int, bytes]:
    """Answer a request to a switch with status and body."""
    route = _ROUTES.get((method, path.removeprefix(PREFIX)))
    if route is None:
        return 404, json.dumps({"message": f"unknown switch; known are {sorted(_ROUTES)}"}).encode()
    try:
        status, answer = route(json.loads(body or b"{}"))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return 400, json.dumps({"message": f"invalid request: {error!r}"}).encode()
    return status, json.dumps(answer).encode()


def _show_capacity(_data):
    return 200, CAPACITY.show()


def _change_capacity(data):
    CAPACITY.change(data)
    return 200, CAPACITY.show()


def _interrupt(data):
    if interrupt(data["task"], float(data.get("seconds", WARNING_SECONDS))):
        return 200, {}
    return 404, {"message": "no such task is running on FARGATE_SPOT"}


def _show_faults(_data):
    return 200, FAULTS.show()


def _change_faults(data):
    FAULTS.throttle(data.get("throttle", {}))
    FAULTS.lag_seconds = float(data.get("lagSeconds", FAULTS.lag_seconds))
    if "diskMib" in data:
        FAULTS.disk_mib = data["diskMib"] and int(data["diskMib"])
    if "stoppedKeptSeconds" in data:
        kept = data["stoppedKeptSeconds"]
        FAULTS.stopped_kept_seconds = SETTINGS.stopped_kept_seconds if kept is None else float(kept)
    if "denied" in data:
        FAULTS.denied = denied_actions(data["denied"])
    FAULTS.stop_keeps_tags = bool(data.get("stopKeepsTags", FAULTS.stop_keeps_tags))
    return 200, FAULTS.show()


def _show_rates(_data):
    return 200, RATES.show()


def _change_rates(data):
    RATES.change(data)
    return 200, RATES.show()


def _reset_rates(_data):
    RATES.reset()
    return 200, RATES.show()


def _show_starts(_data):
    return 200, START_TIMES.show()


def _change_starts(data):
    START_TIMES.change(data)
    return 200, START_TIMES.show()


def _show_account(_data):
    return 200, service_linked_role.ROLE.show()


def _change_account(data):
    service_linked_role.change(data)
    return 200, service_linked_role.ROLE.show()


_ROUTES = {
    ("GET", "capacity"): _show_capacity,
    ("PUT", "capacity"): _change_capacity,
    ("POST", "interrupt"): _interrupt,
    ("GET", "account"): _show_account,
    ("PUT", "account"): _change_account,
    ("GET", "faults"): _show_faults,
    ("PUT", "faults"): _change_faults,
    ("GET", "rates"): _show_rates,
    ("PUT", "rates"): _change_rates,
    ("DELETE", "rates"): _reset_rates,
    ("GET", "starts"): _show_starts,
    ("PUT", "starts"): _change_starts,
}

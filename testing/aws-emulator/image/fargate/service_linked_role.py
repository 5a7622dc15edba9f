"""ECS's service-linked role, and accounts that lack it.

The emulator starts as an account that has used ECS before and has AWSServiceRoleForECS. A new account lacks the role: its first
cluster with capacity providers is refused. That call also creates the role, but the role cannot be assumed immediately.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles.html
"""

import functools
import threading
import time

from ministack.core.responses import error_response_json, get_account_id
from ministack.services import ecs, iam
from ministack.services.cloudformation import provisioners

SERVICE = "ecs.amazonaws.com"
NAME = "AWSServiceRoleForECS"
PATH = f"/aws-service-role/{SERVICE}/"
NOT_ASSUMED = ("Unable to assume the service linked role. "
               "Please verify that the ECS service linked role exists.")
TAKEN = f"Service role name {NAME} has been taken in this account, please try a different suffix."


class ServiceLinkedRole:
    """State of the role: since when it is usable, whether it may be created, and how long a new one is unusable."""

    def __init__(self):
        self._lock = threading.Lock()
        self._usable_at: float | None = 0.0
        """`time.monotonic()` from which ECS can assume the role; None if the role does not exist."""
        self._lag_seconds = 0.0
        self._may_create = True

    def start_new_account(self, lag_seconds: float, may_create: bool) -> None:
        """Remove the role. A new one is usable `lag_seconds` after its creation."""
        with self._lock:
            self._usable_at, self._lag_seconds, self._may_create = None, lag_seconds, may_create

    def restore(self) -> None:
        """Make the account one that has used ECS before."""
        with self._lock:
            self._usable_at, self._may_create = 0.0, True

    @property
    def may_create(self) -> bool:
        """Whether the caller's policies allow iam:CreateServiceLinkedRole."""
        return self._may_create

    def create(self) -> bool:
        """Create the role. False if it already exists."""
        with self._lock:
            if self._usable_at is not None:
                return False
            self._usable_at = time.monotonic() + self._lag_seconds
            return True

    @property
    def usable(self) -> bool:
        """Whether ECS can assume the role and IAM returns it."""
        with self._lock:
            return self._usable_at is not None and time.monotonic() >= self._usable_at

    def show(self) -> dict:
        """The state of the switch."""
        with self._lock:
            exists = self._usable_at is not None
        return {"serviceLinkedRole": {"exists": exists, "usable": self.usable, "mayCreate": self._may_create}}


ROLE = ServiceLinkedRole()


def change(requested: dict) -> None:
    """Set the switch: `{"new": true, "lagSeconds": 2, "mayCreateRole": false}`, or `{"new": false}`."""
    if requested["new"]:
        ROLE.start_new_account(float(requested.get("lagSeconds", 2)), bool(requested.get("mayCreateRole", True)))
    else:
        ROLE.restore()


def install() -> None:
    """Wrap IAM's actions and the creation of clusters."""
    iam._IAM_HANDLERS["CreateServiceLinkedRole"] = _create(iam._IAM_HANDLERS["CreateServiceLinkedRole"])
    iam._IAM_HANDLERS["GetRole"] = _get_role(iam._IAM_HANDLERS["GetRole"])
    ecs._ACTION_MAP["CreateCluster"] = _create_cluster(ecs._ACTION_MAP["CreateCluster"])
    clusters = provisioners._RESOURCE_HANDLERS["AWS::ECS::Cluster"]
    clusters["create"] = _provision_cluster(clusters["create"])


def _refuses_cluster(capacity_providers) -> bool:
    """Whether a cluster cannot be created yet. ECS then creates the role, too late for this call."""
    if not capacity_providers or ROLE.usable:
        return False
    ROLE.create()
    return True


def _create(handler):
    @functools.wraps(handler)
    def create(params):
        if iam._p(params, "AWSServiceName") != SERVICE:
            return handler(params)
        if not ROLE.may_create:
            account = get_account_id()
            return iam._error(403, "AccessDenied",
                              f"User: arn:aws:iam::{account}:user/deployer is not authorized to perform: "
                              f"iam:CreateServiceLinkedRole on resource: arn:aws:iam::{account}:role{PATH}{NAME} "
                              "because no identity-based policy allows the iam:CreateServiceLinkedRole action")
        if not ROLE.create():
            return iam._error(400, "InvalidInput", TAKEN)
        _store()
        return iam._xml(200, "CreateServiceLinkedRoleResponse",
                        f"<CreateServiceLinkedRoleResult><Role>{iam._role_xml(NAME)}</Role>"
                        "</CreateServiceLinkedRoleResult>")
    return create


def _get_role(handler):
    @functools.wraps(handler)
    def get_role(params):
        if iam._p(params, "RoleName") == NAME:
            if ROLE.usable:
                _store()
            else:
                iam._roles.pop(NAME, None)
        return handler(params)
    return get_role


def _store() -> None:
    """Add the role to MiniStack's IAM."""
    if NAME not in iam._roles:
        iam._roles[NAME] = {
            "RoleName": NAME, "Arn": f"arn:aws:iam::{get_account_id()}:role{PATH}{NAME}", "RoleId": iam._gen_id("AROA"),
            "CreateDate": iam._now(), "Path": PATH, "AssumeRolePolicyDocument": "{}",
            "Description": "Role to enable Amazon ECS to manage your cluster.", "MaxSessionDuration": 3600,
            "PermissionsBoundary": "", "AttachedPolicies": [], "InlinePolicies": {}, "Tags": [],
        }


def _create_cluster(handler):
    @functools.wraps(handler)
    def create_cluster(data):
        if _refuses_cluster(data.get("capacityProviders")):
            return error_response_json("InvalidParameterException", NOT_ASSUMED, 400)
        return handler(data)
    return create_cluster


def _provision_cluster(handler):
    @functools.wraps(handler)
    def create(logical_id, properties, stack_name):
        if _refuses_cluster(properties.get("CapacityProviders")):
            raise ValueError(f'Resource handler returned message: "Invalid request provided: CreateCluster Invalid Request: '
                             f'{NOT_ASSUMED} (Service: AmazonECS; Status Code: 400; Error Code: InvalidParameterException)" '
                             "(HandlerErrorCode: InvalidRequest)")
        return handler(logical_id, properties, stack_name)
    return create

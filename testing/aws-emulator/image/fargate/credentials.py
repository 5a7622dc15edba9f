"""Credentials of task roles. The access key is derived from the role's ARN, so that calls identify their role.

Key, secret and token are not secret: nothing here is AWS. The key is not 12 digits, which MiniStack would treat as an
account. MiniStack's STS knows it, so GetCallerIdentity returns the assumed role.
"""

import base64
import datetime
import hashlib
import json
import threading

from ministack.services import sts

LIFETIME = datetime.timedelta(hours=6)
PATH = "/v2/credentials/"


def access_key_of(role_arn: str) -> str:
    """`ASIA` and 16 characters that depend only on the role's ARN."""
    digest = base64.b32encode(hashlib.sha256(role_arn.encode()).digest()).decode()
    return f"ASIA{digest[:16]}"


class Credentials:
    """Roles by the credentials path of a task."""

    def __init__(self):
        self._roles: dict[str, str] = {}
        self._lock = threading.Lock()

    def path_for(self, task_id: str, role_arn: str) -> str:
        """The value of AWS_CONTAINER_CREDENTIALS_RELATIVE_URI for a task."""
        with self._lock:
            self._roles[task_id] = role_arn
        return f"{PATH}{task_id}"

    def forget(self, task_id: str) -> None:
        """Invalidate the path of a stopped task."""
        with self._lock:
            self._roles.pop(task_id, None)

    def as_environment(self, role_arn: str) -> dict:
        """The same credentials as variables, for hosts whose kernel cannot map Fargate's address."""
        made = self._make(role_arn)
        return {"AWS_ACCESS_KEY_ID": made["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"],
                "AWS_SESSION_TOKEN": made["Token"]}

    def respond(self, path: str) -> tuple[int, bytes]:
        """Status and body of Fargate's credentials endpoint."""
        with self._lock:
            role = self._roles.get(path.removeprefix(PATH))
        if role is None:
            return 404, json.dumps({"code": "InvalidIdInRequest", "message": "Credentials not found"}).encode()
        return 200, json.dumps(self._make(role)).encode()

    def _make(self, role_arn: str) -> dict:
        key = access_key_of(role_arn)
        secret = hashlib.sha256(f"secret of {role_arn}".encode()).hexdigest()[:40]
        token = base64.b64encode(role_arn.encode()).decode()
        expiration = datetime.datetime.now(datetime.UTC) + LIFETIME
        account, role = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
        sts.register_session(key, {
            "Arn": f"arn:aws:sts::{account}:assumed-role/{role}/fargate",
            "UserId": f"AROA{key[4:]}:fargate",
            "Account": account,
            "RoleArn": role_arn,
            "SecretAccessKey": secret,
            "SessionToken": token,
            "Expiration": expiration.timestamp(),
        })
        return {"RoleArn": role_arn, "AccessKeyId": key, "SecretAccessKey": secret, "Token": token,
                "Expiration": expiration.strftime("%Y-%m-%dT%H:%M:%SZ")}


CREDENTIALS = Credentials()

"""Scans IAM policies with cloudsplaining: `{"name": document}` on stdin, `["name: what: action"]` on stdout.

It does not check whether an action exists (the tests' list of AWS's actions does), but what it allows: privilege escalation,
reading data or credentials, changing infrastructure and permissions, each without a resource constraint.
"""

import json
import sys

from cloudsplaining.scan.policy_document import PolicyDocument


def findings(document: dict) -> list[str]:
    policy = PolicyDocument(document)
    found = {
        "privilege escalation": [risk["type"] for risk in policy.allows_privilege_escalation],
        "data exfiltration": policy.allows_data_exfiltration_actions,
        "permissions management without constraint": policy.permissions_management_without_constraints,
        "infrastructure modification without constraint": policy.infrastructure_modification,
        "credentials exposure": policy.credentials_exposure,
        "service wildcard": policy.service_wildcard,
    }
    return [f"{what}: {action}" for what, actions in found.items() for action in actions]


policies = json.load(sys.stdin)
json.dump([f"{name}: {finding}" for name, policy in policies.items() for finding in findings(policy)], sys.stdout)

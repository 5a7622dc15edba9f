"""AWS errors, and handlers that answer with them."""

import functools
import logging

from ministack.core.responses import error_response_json, json_response

logger = logging.getLogger("fargate")


class AwsError(Exception):
    """An error response of an AWS API: code, message, and modelled members."""

    def __init__(self, code: str, message: str, **members):
        super().__init__(message)
        self.code = code
        self.message = message
        self.members = members


def client_error(message: str) -> AwsError:
    """ClientException: the request cannot be satisfied."""
    return AwsError("ClientException", message)


def invalid_parameter(message: str) -> AwsError:
    """InvalidParameterException: a parameter is invalid."""
    return AwsError("InvalidParameterException", message)


def access_denied(action: str, arn: str) -> AwsError:
    """AccessDeniedException with IAM's message."""
    return AwsError("AccessDeniedException",
                    f"User is not authorized to perform: {action} on resource: {arn} because no identity-based policy "
                    f"allows the {action} action")


def cluster_not_found() -> AwsError:
    """ClusterNotFoundException with AWS's message."""
    return AwsError("ClusterNotFoundException", "Cluster not found.")


def aws_action(handler):
    """Wrap a handler that returns its payload or raises AwsError, to answer as MiniStack does."""

    @functools.wraps(handler)
    def answer(data):
        try:
            return json_response(handler(data))
        except AwsError as error:
            logger.info("%s refused: %s: %s", handler.__name__, error.code, error.message)
            return error_response_json(error.code, error.message, 400, error.members or None)

    return answer

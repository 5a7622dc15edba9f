"""Errors with AWS's names, and how a handler answers with them."""

import functools
import logging

from ministack.core.responses import error_response_json, json_response

logger = logging.getLogger("fargate")


class AwsError(Exception):
    """An error response of an AWS API: the exception's name, a sentence, modelled members."""

    def __init__(self, code: str, message: str, **members):
        super().__init__(message)
        self.code = code
        self.message = message
        self.members = members


def client_error(message: str) -> AwsError:
    """ClientException: the request cannot be satisfied as it is."""
    return AwsError("ClientException", message)


def invalid_parameter(message: str) -> AwsError:
    """InvalidParameterException: a parameter is not what the API allows."""
    return AwsError("InvalidParameterException", message)


def access_denied(action: str, arn: str) -> AwsError:
    """AccessDeniedException, in IAM's words."""
    return AwsError("AccessDeniedException",
                    f"User is not authorized to perform: {action} on resource: {arn} because no identity-based policy "
                    f"allows the {action} action")


def cluster_not_found() -> AwsError:
    """ClusterNotFoundException, in AWS's words."""
    return AwsError("ClusterNotFoundException", "Cluster not found.")


def aws_action(handler):
    """Let a handler return its payload or raise AwsError, and answer the way MiniStack does."""

    @functools.wraps(handler)
    def answer(data):
        try:
            return json_response(handler(data))
        except AwsError as error:
            logger.info("%s refused: %s: %s", handler.__name__, error.code, error.message)
            return error_response_json(error.code, error.message, 400, error.members or None)

    return answer

"""The emulator's own HTTP paths, handled before MiniStack."""

import asyncio

from fargate import switches
from fargate.credentials import CREDENTIALS, PATH
from fargate.rates import CALLER, access_key_of

LAMBDA_URL = "/_aws/lambda-url/"
MAX_LAMBDA_PAYLOAD = 6 * 1024 * 1024
"""Maximum payload of a function URL in bytes: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


def with_own_paths(app):
    """An ASGI application that answers the emulator's own paths and passes all others to `app`."""

    async def answer(scope, receive, send):
        path = scope.get("path", "")
        CALLER.set(access_key_of(scope.get("headers", [])))
        if scope["type"] == "http" and path.startswith(PATH):
            await _send(send, *CREDENTIALS.respond(path))
        elif scope["type"] == "http" and path.startswith(switches.PREFIX):
            body = await _read(receive)
            await _send(send, *await asyncio.to_thread(switches.respond, scope["method"], path, body))
        elif scope["type"] == "http" and path.startswith(LAMBDA_URL) and _length(scope) > MAX_LAMBDA_PAYLOAD:
            await _read(receive)
            await _send(send, 413, b'{"Message": "Request Entity Too Large"}')
        else:
            await app(scope, receive, send)

    return answer


def _length(scope) -> int:
    """The declared length of the body; 0 if it is chunked."""
    declared = dict(scope["headers"]).get(b"content-length", b"0")
    return int(declared) if declared.isdigit() else 0


async def _read(receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


async def _send(send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

"""The HTTP paths that are ours, before MiniStack's application sees the request."""

import asyncio

from fargate import capacity
from fargate.credentials import CREDENTIALS, PATH


def with_own_paths(app):
    """An ASGI application that answers our paths and leaves the rest to `app`."""

    async def answer(scope, receive, send):
        path = scope.get("path", "")
        if scope["type"] == "http" and path.startswith(PATH):
            await _send(send, *CREDENTIALS.respond(path))
        elif scope["type"] == "http" and path.startswith(capacity.PREFIX):
            body = await _read(receive)
            await _send(send, *await asyncio.to_thread(capacity.respond, scope["method"], path, body))
        else:
            await app(scope, receive, send)

    return answer


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

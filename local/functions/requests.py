"""Requests to a function's URL as events of format 2.0, and its answers as HTTP ("Invoking Lambda function URLs")."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from local.functions.worker import Answer, Invocation

_JSON: Final = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Visit:
    """One request: its method, its path with the query, its headers and its body."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    def invocation(self, arn: str, url_id: str, *, now: datetime) -> Invocation:
        """The event for the function."""
        request_id, parts = str(uuid.uuid4()), urlsplit(self.target)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body, encoded = _text(self.body)
        event = {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": parts.path,
            "rawQueryString": parts.query,
            "headers": headers,
            "queryStringParameters": _query(parts.query),
            "requestContext": {
                "accountId": "anonymous",
                "apiId": url_id,
                "domainName": headers.get("host", ""),
                "domainPrefix": url_id,
                "http": self._http(parts.path, headers),
                "requestId": request_id,
                "routeKey": "$default",
                "stage": "$default",
                "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
                "timeEpoch": int(now.timestamp() * 1000),
            },
            "isBase64Encoded": encoded,
            **({"body": body} if self.body else {}),
        }
        given = {name: value for name, value in event.items() if value is not None}
        return Invocation(request_id, arn, json.dumps(given))

    def _http(self, path: str, headers: Mapping[str, str]) -> dict[str, str]:
        agent = headers.get("user-agent", "")
        return {
            "method": self.method,
            "path": path,
            "protocol": "HTTP/1.1",
            "sourceIp": "127.0.0.1",
            "userAgent": agent,
        }


def read_answer(answer: Answer) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of what a function has answered; its failure is a bad gateway."""
    if answer.failed:
        return HTTPStatus.BAD_GATEWAY, _JSON, b"Internal Server Error"
    said: Any = json.loads(answer.payload)
    if not isinstance(said, dict) or "statusCode" not in said:
        return HTTPStatus.OK, _JSON, answer.payload.encode()
    body = said.get("body", "")
    text = body if isinstance(body, str) else json.dumps(body)
    data = base64.b64decode(text) if said.get("isBase64Encoded") else text.encode()
    headers = {**_JSON, **{_titled(name): str(value) for name, value in (said.get("headers") or {}).items()}}
    if said.get("cookies"):
        headers["Set-Cookie"] = ", ".join(said["cookies"])
    return int(said["statusCode"]), headers, data


def _titled(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))


def _query(query: str) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        found[name] = f"{found[name]},{value}" if name in found else value
    return found or None


def _text(body: bytes) -> tuple[str, bool]:
    try:
        return body.decode(), False
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), True

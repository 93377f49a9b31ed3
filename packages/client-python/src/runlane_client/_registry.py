"""Frames values for a schema registry: byte 0, the id of the schema, the JSON."""

from __future__ import annotations

import base64
import json
import ssl
import struct
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from ._errors import PublishError

_TIMEOUT_SECONDS = 5.0


class Registry:
    """Looks the ids of schemas up, once each. ``url`` is None for plain JSON, ``login`` a name and a password."""

    def __init__(self, url: str | None, login: tuple[str, str] | None) -> None:
        self._url = None if url is None else url.rstrip("/")
        self._headers: dict[str, str] = {}
        if login is not None:
            token = base64.b64encode(":".join(login).encode()).decode()
            self._headers["authorization"] = f"Basic {token}"
        self._ids: dict[str, int] = {}

    @property
    def frame_bytes(self) -> int:
        """What a frame adds to a value."""
        return 0 if self._url is None else 5

    def frame(self, topic: str, schema: str, value: bytes) -> bytes:
        """Raises PublishError when the registry does not answer or does not know the schema."""
        if self._url is None:
            return value
        return struct.pack(">bI", 0, self._id(f"{topic}-{schema}")) + value

    def _id(self, subject: str) -> int:
        if subject not in self._ids:
            self._ids[subject] = self._look_up(subject)
        return self._ids[subject]

    def _look_up(self, subject: str) -> int:
        url = f"{self._url}/subjects/{urllib.parse.quote(subject, safe='')}/versions/latest"
        try:
            request = urllib.request.Request(url, headers=self._headers)
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:
                version: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as error:
            # The 404 of a wrong address, or of a gateway before a registry that is down, says nothing about a schema.
            if error.code == 404 and b'"error_code"' in error.read():
                message = f"subject {subject} is not in the registry; run the job that registers the schemas"
                raise PublishError(message, code="misconfigured") from error
            if error.code in (401, 403):
                message = f"the registry refuses to show {subject} ({error.code}); look at registry_login"
                raise PublishError(message, code="denied") from error
            raise PublishError(f"the registry answered {error.code} for {subject}", code="unavailable") from error
        except (OSError, ValueError) as error:
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            if isinstance(reason, ssl.SSLCertVerificationError):
                message = (
                    f"the certificate of the registry is not accepted for {subject}: {reason.verify_message}; look at "
                    "registry_url, and at SSL_CERT_FILE, which names the authorities that are trusted"
                )
                raise PublishError(message, code="denied") from error
            raise PublishError(f"the registry did not answer for {subject}: {error}", code="unavailable") from error
        if version.get("schemaType") != "JSON":
            raise PublishError(f"subject {subject} is no JSON Schema in the registry", code="misconfigured")
        return int(version["id"])

"""Two OpenID Connect providers on loopback: oidc-provider-mock as it is, and one of our own that lies where it is told.

Ours holds the code flow to PKCE, which the mock does not, and signs whatever claims a test asks for.
"""

import base64
import hashlib
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa


@contextmanager
def real_provider() -> Iterator[str]:
    """Serve oidc-provider-mock in a process of its own and give its issuer."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    issuer = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                httpx.get(f"{issuer}/.well-known/openid-configuration", timeout=5).raise_for_status()
                break
            except httpx.HTTPError:
                assert process.poll() is None
                time.sleep(0.1)
        yield issuer
    finally:
        process.terminate()
        process.wait(30)


def person(issuer: str, subject: str, **claims: object) -> None:
    """Make a person known to oidc-provider-mock."""
    httpx.put(f"{issuer}/users/{subject}", json=claims).raise_for_status()


def consent(address: str, subject: str) -> str:
    """Say yes on the provider's page and return where it sends the browser."""
    answer = httpx.post(address, data={"sub": subject})
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


@dataclass
class Lying:
    """A provider's answers: the claims of the ID token beside those that are right, and what else is wrong."""

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "RS256"
    is_signed_by_another: bool = False
    said_issuer: str = ""
    #: What was asked for at the authorization address, and every token request.
    asked: dict[str, str] = field(default_factory=dict)
    token_requests: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def lying_provider() -> Iterator[Lying]:
    """Serve a provider of our own; a test changes what it answers while it runs."""
    key, other = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    told = Lying()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def answer(self, content: object, status: int = 200) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path == "/.well-known/openid-configuration":
                parts = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
                places = {p: f"{told.issuer}/{p}" for p in parts}
                issuer = told.said_issuer or told.issuer
                self.answer({"issuer": issuer, "id_token_signing_alg_values_supported": [told.algorithm], **places})
            elif path == "/jwks_uri":
                public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
                self.answer({"keys": [{**public, "kid": "one", "alg": "RS256", "use": "sig"}]})
            else:
                self.answer({"sub": "s1", "email": "ann@example.org", **told.userinfo})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            request = {name: values[0] for name, values in parse_qs(body).items()}
            told.token_requests.append(request)
            proof = hashlib.sha256(request.get("code_verifier", "").encode()).digest()
            if base64.urlsafe_b64encode(proof).rstrip(b"=").decode() != told.asked.get("code_challenge"):
                self.answer({"error": "invalid_grant"}, 400)
                return
            now = int(time.time())
            right = {"iss": told.issuer, "aud": "peelian", "sub": "s1", "iat": now, "exp": now + 60}
            claims = {**right, "nonce": told.asked.get("nonce"), **told.claims}
            claims = {name: value for name, value in claims.items() if value is not None}
            signer = other if told.is_signed_by_another else key
            token = jwt.encode(claims, signer, algorithm="RS256", headers={"kid": "one"})
            self.answer({"access_token": "a", "token_type": "Bearer", "id_token": token})

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""Stands between the program and Microsoft, with certificates of an authority made for the test.

It is an HTTPS proxy: the program reaches login.microsoftonline.com, graph.microsoft.com and GitHub through it, under their
own names and over TLS, and needs no option for tests. The token endpoint looks at each request as Entra's documentation
says; what a token of its own allows is answered by `rolecall sandbox serve`.

Arguments: a directory for the files that the program is given, and the address of the sandbox. Environment:
SANDBOX_TOKEN, its token. It prints `Listening on …`, and ends with its standard input.

For each grant that was given, it adds a line to `grants` in the directory; for each refusal to `refusals`.
"""

import base64
import datetime
import hashlib
import http.server
import json
import os
import pathlib
import ssl
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import jwt
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

LOGIN, GRAPH = "login.microsoftonline.com", "graph.microsoft.com"
# Another cloud's authority, for AZURE_AUTHORITY_HOST.
OTHER_LOGIN = "login.microsoftonline.us"
GITHUB = "pipelines.actions.githubusercontent.com"
CLIENT, SECRET = "11111111-0000-4000-8000-000000000001", "a secret with + & = % and ü"
REQUEST_TOKEN = "request-token"
FEDERATED_AUDIENCE = "api://AzureADTokenExchange"
BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# Whose id tokens the application trusts: its federated credentials, issuer and subject.
GITHUB_ISSUER = "https://token.actions.githubusercontent.com"
TRUSTED = {
    "GitHub": (GITHUB_ISSUER, "repo:acme/access:environment:aws-access"),
    "GitLab": ("https://gitlab.com", "project_path:acme/access:ref_type:branch:ref:main"),
    "workload": ("https://oidc.example/cluster", "system:serviceaccount:access:rolecall"),
}

directory = pathlib.Path(sys.argv[1])
sandbox = sys.argv[2]
authority = trustme.CA(key_type=trustme.KeyType.RSA)
issuer_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
client_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
tokens, used_ids = {}, set()
lock = threading.Lock()


def client_certificate():
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "rolecall test")])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(client_key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now)
    return builder.not_valid_after(now + datetime.timedelta(days=1)).sign(client_key, hashes.SHA256())


certificate = client_certificate()


def id_token(who):
    """An id token as the three platforms make them, good for five minutes; for anybody else, that of another project."""
    issuer, subject = TRUSTED.get(who, ("https://gitlab.com", "project_path:other/access:ref_type:branch:ref:main"))
    now = int(time.time())
    claims = {"iss": issuer, "sub": subject, "aud": FEDERATED_AUDIENCE, "iat": now, "nbf": now, "exp": now + 300}
    return jwt.encode(claims, issuer_key, algorithm="RS256", headers={"kid": "1"})


def note(file, text):
    with lock, open(directory / file, "a", encoding="utf-8") as out:
        out.write(text + "\n")


class Refused(Exception):
    pass


def must(holds, why):
    if not holds:
        raise Refused(why)


def check_certificate(assertion, header, place):
    """Entra's page "Microsoft identity platform application authentication certificate credentials"."""
    der = certificate.public_bytes(serialization.Encoding.DER)
    thumbprint = base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()
    must(header.get("x5t#S256") == thumbprint, "the thumbprint is of another certificate")
    must(header["alg"] == "PS256" and header["typ"] == "JWT", "PS256 is asked for")
    claims = jwt.decode(
        assertion,
        client_key.public_key(),
        algorithms=["PS256"],
        audience=f"https://{place}/oauth2/v2.0/token",
        issuer=CLIENT,
        subject=CLIENT,
        options={"require": ["aud", "exp", "iss", "jti", "nbf", "sub"]},
    )
    must(claims["exp"] - claims["nbf"] <= 600, "an assertion is good for ten minutes at most")
    with lock:
        must(claims["jti"] not in used_ids, "the assertion was used before")
        used_ids.add(claims["jti"])
    return "certificate"


def check_federated(assertion):
    claims = jwt.decode(
        assertion,
        issuer_key.public_key(),
        algorithms=["RS256"],
        audience=FEDERATED_AUDIENCE,
        options={"require": ["aud", "exp", "iss", "sub"]},
    )
    for name, trusted in TRUSTED.items():
        if trusted == (claims["iss"], claims["sub"]):
            return name
    raise Refused("AADSTS700213: No matching federated identity record found")


def grant(place, headers, form):
    """Looks at a request for a token at `place`, a host and a tenant; returns by what it was given."""
    must(headers.get_content_type() == "application/x-www-form-urlencoded", "the form has another type")
    must(all(len(values) == 1 for values in form.values()), "a field stands twice")
    form = {name: values[0] for name, values in form.items()}
    must(form.pop("grant_type", None) == "client_credentials", "another grant")
    must(form.pop("client_id", None) == CLIENT, "another client")
    must(form.pop("scope", None) == "https://graph.microsoft.com/.default", "another scope")
    secret, assertion = form.pop("client_secret", None), form.pop("client_assertion", None)
    must((secret is None) != (assertion is None), "one of a secret and an assertion")
    if secret is not None:
        by = "secret"
        must(secret == SECRET, "AADSTS7000215: Invalid client secret provided.")
    else:
        must(form.pop("client_assertion_type", None) == BEARER, "another type of assertion")
        header = jwt.get_unverified_header(assertion)
        by = check_certificate(assertion, header, place) if "x5t#S256" in header else check_federated(assertion)
    must(not form, f"more than was asked for: {sorted(form)}")
    return by


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    host = None

    def log_message(self, *_):
        pass

    def do_CONNECT(self):
        host, _, port = self.path.rpartition(":")
        if port != "443" or host not in contexts:
            self.send_error(502, f"nobody may be reached as {self.path}")
            note("refusals", f"CONNECT {self.path}")
            return
        self.send_response(200)
        self.end_headers()
        try:
            self.connection = contexts[host].wrap_socket(self.connection, server_side=True)
        except OSError:
            # The program does not trust the authority; that is for it to say.
            self.close_connection = True
            return
        self.host = host
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
        self.close_connection = False
        while not self.close_connection:
            self.handle_one_request()

    def answer(self, status, body, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer_json(self, status, value):
        self.answer(status, json.dumps(value).encode(), [("content-type", "application/json")])

    def serve(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        address = urllib.parse.urlsplit(self.path)
        if self.host in (LOGIN, OTHER_LOGIN) and address.path.endswith("/oauth2/v2.0/token"):
            self.token(self.host + address.path.removesuffix("/oauth2/v2.0/token"), body)
        elif self.host == GITHUB:
            self.github(address)
        elif self.host == LOGIN and "/federationmetadata/" in address.path:
            self.forward(body)
        elif self.host == GRAPH:
            with lock:
                end = tokens.get(self.headers.get("authorization", "").removeprefix("Bearer "), 0)
            if time.time() < end:
                self.forward(body)
            else:
                note("refusals", f"{self.command} {address.path}: no token")
                self.answer_json(401, {"error": {"code": "InvalidAuthenticationToken", "message": "no token"}})
        else:
            # Such as the discovery of the instance, which the program does not need.
            note("refusals", f"{self.command} {self.host}{address.path}: unknown")
            self.answer_json(404, {"error": "not found"})

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = serve

    def token(self, place, body):
        try:
            must(self.command == "POST", "another method")
            form = urllib.parse.parse_qs(body.decode(), keep_blank_values=True, strict_parsing=True)
            by = grant(place, self.headers, form)
        except (Refused, jwt.PyJWTError, ValueError) as error:
            note("refusals", f"token: {error}")
            self.answer_json(401, {"error": "invalid_client", "error_description": str(error)})
            return
        token = jwt.encode({"aud": "https://graph.microsoft.com", "appid": CLIENT, "n": len(tokens)}, "k" * 32)
        with lock:
            tokens[token] = time.time() + 3599
        note("grants", f"{by} {place}")
        self.answer_json(200, {"token_type": "Bearer", "expires_in": 3599, "access_token": token})

    def github(self, address):
        """GitHub's page "OpenID Connect reference"."""
        query = urllib.parse.parse_qs(address.query)
        if self.headers.get("authorization") != f"Bearer {REQUEST_TOKEN}" or self.command != "GET":
            note("refusals", "GitHub: the request token")
            self.answer_json(401, {"message": "no"})
        elif query != {"api-version": ["2.0"], "audience": [FEDERATED_AUDIENCE]}:
            note("refusals", f"GitHub: {query}")
            self.answer_json(400, {"message": "no"})
        else:
            self.answer_json(200, {"count": 1, "value": id_token("GitHub")})

    def forward(self, body):
        request = urllib.request.Request(sandbox + self.path, data=body or None, method=self.command)
        request.add_header("authorization", f"Bearer {os.environ['SANDBOX_TOKEN']}")
        if body:
            request.add_header("content-type", "application/json")
        try:
            answered = direct.open(request)
        except urllib.error.HTTPError as error:
            answered = error
        # Links to next pages are under the sandbox's own address.
        text = answered.read().replace(sandbox.encode(), f"https://{self.host}".encode())
        kept = ("content-type", "retry-after")
        headers = [(name, answered.headers[name]) for name in kept if name in answered.headers]
        self.answer(answered.status, text, headers)


def context(host):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.set_alpn_protocols(["http/1.1"])
    authority.issue_cert(host, key_type=trustme.KeyType.RSA).configure_cert(made)
    return made


direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
contexts = {host: context(host) for host in (LOGIN, OTHER_LOGIN, GRAPH, GITHUB)}


def main():
    authority.cert_pem.write_to_path(directory / "authority.pem")
    trustme.CA().cert_pem.write_to_path(directory / "stranger.pem")
    pem = client_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (directory / "client.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + pem)
    (directory / "workload.jwt").write_text(id_token("workload"))
    (directory / "gitlab.jwt").write_text(id_token("GitLab"))
    (directory / "stranger.jwt").write_text(id_token("stranger"))
    (directory / "secret").write_text(SECRET, encoding="utf-8")
    for file in ("grants", "refusals"):
        (directory / file).touch()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"Listening on http://127.0.0.1:{server.server_address[1]}", flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()

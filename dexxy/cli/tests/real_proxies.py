"""The real nginx and the real Caddy, as the how-to sets them up."""

import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from dexxy.cli.tests.running import free_port
from dexxy.cli.tests.slow_clients import HOST, connect
from dexxy.embedded.tests.observing import wait_until
from tests import needs

HOW_TO = needs.ROOT / "docs/how-to/run-on-one-server.md"
MCP_HOW_TO = needs.ROOT / "docs/how-to/connect-an-assistant.md"
# What is around a server in the configuration of a system; nothing of it leaves our folder.
AROUND = """
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {server}
}}
"""


# Caddy would get a certificate from the internet for the name, and listen at port 80, too.
AROUND_CADDY = """
{{
    admin off
    auto_https disable_redirects
    default_sni dexxy.example.org
    storage file_system {folder}/caddy
}}
https://:{outside} {{
    bind {host}
    tls {folder}/pem {folder}/key
    {inside}
}}
"""


@contextmanager
def nginx_before(port: int, mcp_port: int = 0) -> Iterator[int]:
    """Run nginx in front of a port as the how-to says; yield the port where it ends TLS.

    Args:
        mcp_port: where assistants are answered, if they are.
    """
    program, outside = needs.nginx(), free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "nginx.conf").write_text(_configuration(folder, outside, port, mcp_port))
        _certificate(folder / "pem", folder / "key")
        arguments = ["-c", f"{name}/nginx.conf", "-e", f"{name}/error.log", "-p", name]
        nginx = subprocess.Popen([program, *arguments])
        try:
            wait_until(lambda: _listens(outside), "nginx listens")
            yield outside
        finally:
            nginx.terminate()
            nginx.wait()


@contextmanager
def caddy_before(port: int, mcp_port: int = 0) -> Iterator[int]:
    """Run Caddy in front of a port as the how-to says; yield the port where it ends TLS.

    Args:
        mcp_port: as of `nginx_before`.
    """
    program, outside = needs.caddy(), free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        [inside] = re.findall(
            r"^```\ndexxy\.example\.org \{\n(.*?)^\}\n```",
            HOW_TO.read_text(),
            re.DOTALL | re.MULTILINE,
        )
        assert inside.count("127.0.0.1:8000") == 1
        inside = inside.replace("127.0.0.1:8000", f"{HOST}:{port}")
        inside = f"{_assistants(1, mcp_port)}{inside}"
        around = AROUND_CADDY.format(folder=folder, outside=outside, host=HOST, inside=inside)
        (folder / "Caddyfile").write_text(around)
        _certificate(folder / "pem", folder / "key")
        with (folder / "log").open("wb") as log:
            caddy = subprocess.Popen(
                [program, "run", "--config", f"{name}/Caddyfile", "--adapter", "caddyfile"],
                env={"HOME": name, "XDG_DATA_HOME": name, "XDG_CONFIG_HOME": name},
                stdout=log,
                stderr=log,
            )
            try:
                wait_until(lambda: _listens(outside), "Caddy listens")
                yield outside
            finally:
                caddy.terminate()
                caddy.wait()


def _assistants(place: int, mcp_port: int) -> str:
    """Return what the how-to adds to a proxy for assistants; the first is for nginx."""
    text = MCP_HOW_TO.read_text()
    added = re.findall(r"^```(?:nginx|caddy)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)[place]
    assert added.count("127.0.0.1:8001") == 1
    return str(added).replace("127.0.0.1:8001", f"{HOST}:{mcp_port}") if mcp_port else ""


def _configuration(folder: Path, outside: int, inside: int, mcp_port: int) -> str:
    [server] = re.findall(r"^```nginx\n(.*?)^```", HOW_TO.read_text(), re.DOTALL | re.MULTILINE)
    head, brace, _ = server.rpartition("}")
    server = f"{head}{_assistants(0, mcp_port)}{brace}"
    for theirs, ours in {
        "listen 443 ssl;": f"listen {HOST}:{outside} ssl;",
        "/etc/ssl/dexxy.example.org.pem": f"{folder}/pem",
        "/etc/ssl/dexxy.example.org.key": f"{folder}/key",
        "http://127.0.0.1:8000;": f"http://{HOST}:{inside};",
    }.items():
        assert server.count(theirs) == 1
        server = server.replace(theirs, ours)
    # As root it would become somebody else, who may not write here.
    user = "user root;" if Path("/root").owner() == Path(folder).owner() else ""
    return AROUND.format(folder=folder, user=user, server=server)


def _certificate(certificate: Path, key: Path) -> None:
    private, now = generate_private_key(SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "dexxy.example.org")])
    builder = x509.CertificateBuilder(name, name, private.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(1))
    signed = builder.sign(private, SHA256())
    certificate.write_bytes(signed.public_bytes(Encoding.PEM))
    pem = PrivateFormat.PKCS8
    key.write_bytes(private.private_bytes(Encoding.PEM, pem, NoEncryption()))


def _listens(port: int) -> bool:
    try:
        connect(port).close()
    except OSError:
        return False
    return True

"""What a machine of production reaches at Amazon, played: `python -m … STATE`, in its own network.

nginx answers for Amazon's names with certificates of the test authority. Behind it is the local
AWS, which makes pools, signs tokens with its own keys and writes Amazon's issuer into them; and a
folder with the certificate chain of the test's Alexa.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import certifi

from companion.local import aws, environment
from companion.local.supervisor import Supervisor, unwinding_on_signals
from tests.deploy.walkthrough.machine import MACHINE, WORLD

REGION = "us-east-1"
PREFIX = "my-facts-4711"
SITE = "facts.example.com"
SIGN_IN = f"{PREFIX}.auth.{REGION}.amazoncognito.com"
CERTIFICATES = "s3.amazonaws.com"
APIS = (f"cognito-idp.{REGION}.amazonaws.com", f"cloudformation.{REGION}.amazonaws.com")
NAMES = (*APIS, SIGN_IN, CERTIFICATES)
HOSTS = f"{MACHINE} {SITE}\n{WORLD} {' '.join(NAMES)}\n"
PORT = 4566
READY = "ready"

_CONFIGURATION = """
daemon off; user root; pid {state}/nginx.pid; error_log stderr warn;
events {{}}
http {{
    access_log {state}/world.log; client_body_temp_path {state}/body; proxy_temp_path {state}/proxy;
    ssl_certificate {state}/world.pem; ssl_certificate_key {state}/world-key.pem;
    server {{
        listen {address}:443 ssl; server_name {apis} {sign_in};
        location / {{ proxy_pass http://127.0.0.1:{port}; proxy_set_header Host localhost:{port}; }}
    }}
    server {{
        listen {address}:443 ssl; server_name {certificates};
        location /echo.api/ {{ root {state}/published; }}
    }}
}}
"""


def main(state: Path) -> None:
    mounted = {state / "hosts": "/etc/hosts", state / "roots.pem": certifi.where()}
    for source, target in mounted.items():  # in this process's own view of the files
        subprocess.run(["mount", "--bind", str(source), target], check=True)
    configuration = state / "world.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            state=state,
            address=WORLD,
            apis=" ".join(APIS),
            sign_in=SIGN_IN,
            certificates=CERTIFICATES,
            port=PORT,
        )
    )
    with unwinding_on_signals(), Supervisor(state / "logs") as supervisor:
        local = aws.start(supervisor, state / "aws", port=PORT, persist=False)
        aws.wait(supervisor, local)
        nginx = ["nginx", "-e", "stderr", "-c", str(configuration)]
        front = supervisor.start("world", nginx, environment.bare(state))
        while not (state / "nginx.pid").is_file():
            front.check()
            time.sleep(0.1)
        (state / READY).touch()
        supervisor.watch()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""A fresh Debian 12 with its own systemd and network, in a folder; gone at the end.

debootstrap makes it, systemd-nspawn boots it. Two networks: its own, where its ports are its own
and only the played world is reached, and the one of this machine for commands that fetch packages.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

MACHINE, WORLD = "192.0.2.10", "192.0.2.1"  # of TEST-NET-1, in namespaces of our own
BOOT_LIMIT = 60.0
# what a network with a proxy of its own asks for
_OF_CALLER = ("SSL_CERT_FILE", "PIP_CERT")


@dataclass(frozen=True)
class Machine:
    root: Path
    leader: int  # process id of its systemd
    world: str  # network namespace of everything else

    def run(
        self, script: str, *, online: bool = False, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Type this as root; `online`: over the network of this machine. Raises nothing."""
        passed = {name: os.environ[name] for name in _OF_CALLER if online and name in os.environ}
        environment = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root",
            "LANG": "C.UTF-8",
            "DEBIAN_FRONTEND": "noninteractive",
            **passed,
            **(env or {}),
        }
        enter = ["nsenter", "-t", str(self.leader), "-m", "-u", "-i", "-p"]
        return subprocess.run(
            [*enter, *([] if online else ["-n"]), "bash", "-eu", "-o", "pipefail"],
            input=f"cd /root\n{script}",
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def make(fresh: Path, root: Path) -> None:
    """Install a Debian 12 into `fresh`, unless it is there, and copy it to `root`."""
    if not (fresh / "etc" / "os-release").is_file():
        command = ["debootstrap", "--include=ca-certificates", "bookworm", str(fresh)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cp", "-a", str(fresh), str(root)], check=True)
    sources = root / "etc/apt/sources.list"
    mirror = sources.read_text().split()[1]  # debootstrap's own choice; security stands beside it
    sources.write_text(
        f"deb {mirror} bookworm main\ndeb {mirror} bookworm-updates main\n"
        f"deb {mirror}-security bookworm-security main\n"
    )
    (root / "etc/hostname").write_text("facts\n")


def give_python(root: Path) -> str:
    """Put this process's interpreter there, as if built from source; return what was put.

    Debian 12 has none that is new enough, and where this runs uv may be unable to fetch one.
    """
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    ours, target = Path(sys.base_prefix), root / "usr/local"
    skipped = shutil.ignore_patterns("__pycache__", "site-packages", "test", "*.a", "idlelib")
    shutil.copytree(ours / "lib" / name, target / "lib" / name, ignore=skipped)
    (target / "lib" / name / "site-packages").mkdir()
    shutil.copy(ours / "bin" / name, target / "bin")
    for library in (ours / "lib").glob(f"lib{name}.so*"):
        shutil.copy(library, target / "lib")
    subprocess.run(["chroot", str(root), "ldconfig"], check=True)
    return f"/usr/local/bin/{name} (Python {sys.version.split()[0]})"


@contextlib.contextmanager
def booted(root: Path, hosts: str, log: Path) -> Iterator[Machine]:
    """Boot it, join it with an empty network for the world, and power it off at the end."""
    command = [
        "systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network",
        "--machine=facts", f"--directory={root}", "--boot", "--console=pipe",
    ]  # fmt: skip
    world = f"doors-{os.getpid()}"
    with log.open("w") as output:
        nspawn = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            machine = Machine(root, _leader(nspawn), world)
            _await_boot(machine)
            _join(machine, hosts)
            yield machine
        finally:
            nspawn.terminate()  # systemd in there powers off in good order
            with contextlib.suppress(subprocess.TimeoutExpired):
                nspawn.wait(40)
            nspawn.kill()
            nspawn.wait()
            subprocess.run(["ip", "netns", "del", world], check=False, capture_output=True)


def _leader(nspawn: subprocess.Popen[bytes]) -> int:
    children = Path(f"/proc/{nspawn.pid}/task/{nspawn.pid}/children")
    end = time.monotonic() + BOOT_LIMIT
    while time.monotonic() < end and nspawn.poll() is None:
        for child in children.read_text().split():
            name = Path(f"/proc/{child}/comm").read_text().strip()
            if name == "systemd":
                return int(child)
        time.sleep(0.1)
    raise RuntimeError("the machine does not boot")


def _await_boot(machine: Machine) -> None:
    end = time.monotonic() + BOOT_LIMIT
    while time.monotonic() < end:
        state = machine.run("systemctl is-system-running || true").stdout.strip()
        if state in {"running", "degraded"}:
            return
        time.sleep(0.5)
    raise RuntimeError(f"the machine is {state}")


def _join(machine: Machine, hosts: str) -> None:
    """A cable between the machine and the world; there is no way out of either."""
    world = machine.world
    for command in (
        f"ip netns add {world}",
        f"ip -n {world} link set lo up",
        f"ip -n {world} link add machine type veth peer name eth0 netns {machine.leader}",
        f"ip -n {world} addr add {WORLD}/24 dev machine",
        f"ip -n {world} link set machine up",
        f"nsenter -t {machine.leader} -n ip addr add {MACHINE}/24 dev eth0",
        f"nsenter -t {machine.leader} -n ip link set eth0 up",
    ):
        subprocess.run(command.split(), check=True)
    with (machine.root / "etc/hosts").open("a") as file:
        file.write(hosts)

"""Type docs/deploy.md on a fresh Debian 12, link an account, and talk to the skill over port 443.

    python -m tests.deploy.walkthrough [--fresh FOLDER] [--transcript FILE] [--keep]

For root on Debian or Ubuntu with debootstrap, systemd-container and nginx-light. It takes some five
minutes; `--fresh` keeps the unused Debian for the next run. What is played, and what the machine is
given beforehand, is in `_before`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import certifi

from companion.local.environment import BASE_DIR, bare
from skill_endpoint.simulator import pki
from tests.deploy.walkthrough import guide, machine, world
from tests.deploy.walkthrough.machine import Machine

NEEDED = ("debootstrap", "systemd-nspawn", "nginx", "ip", "nsenter")
ONLINE = ("apt-get", "git clone", "install.sh")  # blocks with these words fetch packages
ADDRESS = "https://git.example.com/two-doors.git"
LAST = 12  # lines of a block's output that the short form shows
WHY = (
    "systemctl --no-pager --full status 'two-doors*' nginx || true\n"
    "journalctl --no-pager --lines 80 --unit 'two-doors*' --unit 'run-*' || true\n"
)
SAID = (
    # a backup that fails is told to whoever logs in, until it went well
    "systemctl stop postgresql@15-main\n"
    "if systemctl start two-doors-backup.service; then exit 1; fi\n"
    "sleep 2; cat /run/motd.d/two-doors-backup\n"
    "systemctl start postgresql@15-main\n"
    "systemctl start two-doors-backup.service\n"
    "[ ! -e /run/motd.d/two-doors-backup ]\n",
    # a worker may choose its processor
    "echo PIN_WORKERS=1 >> /etc/two-doors/two-doors.env\n"
    "systemctl restart two-doors\n"
    "curl --fail --silent --show-error --retry 5 --retry-connrefused http://127.0.0.1:8000/readyz\n"
    "for pid in $(pgrep --parent $(systemctl show --property MainPID --value two-doors)); do\n"
    "    taskset --cpu-list --pid $pid\n"
    "done\n",
    # nobody's address is in a log of nginx
    "addresses='192[.]0[.]2[.][1-9]|127[.]0[.]0[.]1'\n"
    'if grep --recursive --extended-regexp "$addresses" /var/log/nginx; then exit 1; fi\n'
    "cut --delimiter ' ' --fields 1 /var/log/nginx/two-doors.log | sort | uniq --count\n",
)
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


class Transcript:
    def __init__(self, path: Path | None) -> None:
        self.file = path.open("w", encoding="utf-8") if path else None

    def say(self, text: str, *, whole: str = "") -> None:
        """On the terminal; in the file, too, with `whole` in its place where it is longer."""
        print(text, flush=True)
        if self.file:
            self.file.write((whole or text) + "\n")
            self.file.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--fresh", type=Path, help="folder of an unused Debian; made where missing")
    parser.add_argument("--transcript", type=Path)
    parser.add_argument("--keep", action="store_true", help="leave the machine's folder there")
    options = parser.parse_args()
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if os.geteuid() or missing:
        print(f"for root, with {', '.join(NEEDED)}; missing: {missing}", file=sys.stderr)
        return 2
    transcript = Transcript(options.transcript)
    state = Path(tempfile.mkdtemp(prefix="doors-walkthrough-"))
    begin = time.monotonic()
    try:
        fresh = options.fresh or state / "fresh"
        machine.make(fresh, state / "machine")
        put = machine.give_python(state / "machine")
        transcript.say(f"# Debian 12 made and {put} put there: {time.monotonic() - begin:.0f} s")
        _authority(state)
        _repository(state)
        with (
            machine.booted(state / "machine", world.HOSTS, state / "boot.log") as debian,
            _played(state, debian),
        ):
            transcript.say(f"# booted: {time.monotonic() - begin:.0f} s")
            held = _walk(debian, state, transcript)
    finally:
        if not options.keep:
            shutil.rmtree(state, ignore_errors=True)
    outcome = "held" if held else "FAILED"
    transcript.say(f"# the walkthrough {outcome}, after {time.monotonic() - begin:.0f} s")
    return 0 if held else 1


def _authority(state: Path) -> None:
    """One root for TLS and for the chain of Alexa's key; what trusts it, and what it signed."""
    pki.ensure_pki(state / "alexa")
    root = pki.kept_root(state / "alexa")
    assert root is not None
    for name, hosts in (("world", list(world.NAMES)), ("site", [world.SITE])):
        key = pki.new_key()
        certificate = pki.make_certificate(hosts[0], key, root, dns_names=hosts)
        (state / f"{name}.pem").write_bytes(pki.pem(certificate))
        (state / f"{name}-key.pem").write_bytes(pki._private_pem(key))
    (state / "roots.pem").write_bytes(
        Path(certifi.where()).read_bytes() + pki.pem(root.certificate)
    )
    (state / "hosts").write_text(f"127.0.0.1 localhost\n{world.HOSTS}")
    published = state / "published" / "echo.api"
    published.mkdir(parents=True)
    shutil.copy(state / "alexa" / "chain.pem", published)


def _repository(state: Path) -> None:
    """This repository as the machine clones it: the commit that is checked out, and no more."""
    target = state / "machine" / "srv" / "git" / "two-doors.git"
    target.parent.mkdir(parents=True)
    git = ["git", "-c", "advice.detachedHead=false"]
    subprocess.run([*git, "clone", "--quiet", "--bare", str(BASE_DIR), str(target)], check=True)


@contextmanager
def _played(state: Path, debian: Machine) -> Iterator[None]:
    """The world, in a network and with files of its own."""
    with (state / "world.out").open("w") as output:
        process = subprocess.Popen(
            [*_in_world(debian), "unshare", "--mount", "--propagation", "private",
             sys.executable, "-m", "tests.deploy.walkthrough.world", str(state)],
            cwd=BASE_DIR,
            stdout=output,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            end = time.monotonic() + 60
            while not (state / world.READY).exists():
                if process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError((state / "world.out").read_text())
                time.sleep(0.1)
            (state / "world.pid").write_text(str(process.pid))
            yield
        finally:
            process.terminate()
            process.wait(30)


def _in_world(debian: Machine) -> list[str]:
    return ["nsenter", f"--net=/run/netns/{debian.world}"]


def _people(state: Path, debian: Machine, part: str) -> subprocess.Popen[str]:
    """Somebody out there does something: with the world's files, and its network."""
    pid = (state / "world.pid").read_text()
    return subprocess.Popen(
        ["nsenter", "-t", pid, "-m", *_in_world(debian)[1:], f"--wd={BASE_DIR}",
         sys.executable, "-m", "tests.deploy.walkthrough.people", str(state), part],
        cwd=BASE_DIR,
        env=bare(state),  # no bundle of certificates of the caller's
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip


def _before(debian: Machine, state: Path) -> None:
    """What this machine is given that another would not need: whom to trust, and where to clone."""
    trusted = debian.root / "usr/local/share/ca-certificates"
    shutil.copy(state / "alexa" / "root.pem", trusted / "test-authority.crt")
    for ours in Path("/usr/local/share/ca-certificates").glob("*.crt"):
        shutil.copy(ours, trusted)
    done = debian.run(
        "update-ca-certificates >/dev/null\n"
        f'printf \'[url "file:///srv/git/two-doors.git"]\\n\\tinsteadOf = {ADDRESS}\\n'
        "[safe]\\n\\tdirectory = *\\n' > /etc/gitconfig\n"
    )
    assert done.returncode == 0, done.stdout


def _after(block: guide.Block, debian: Machine, state: Path, transcript: Transcript) -> None:
    """The test authority where production has Mozilla's alone, and in place of Let's Encrypt."""
    if "install.sh" in block.script:
        added = debian.run(
            "cd /srv/two-doors/releases\n"
            "for bundle in */.venv/lib/python3*/site-packages/certifi/cacert.pem\ndo\n"
            '    cmp -s "$bundle" /opt/roots.pem || cp /opt/roots.pem "$bundle"\n'
            "done"
        )
        assert added.returncode == 0, added.stdout
        transcript.say("# (the test authority is trusted by this release, beside Mozilla's)")
    if "openssl req -x509" in block.script:
        tls = debian.root / "etc/two-doors/tls"
        shutil.copy(state / "site.pem", tls / "fullchain.pem")
        shutil.copy(state / "site-key.pem", tls / "privkey.pem")
        # nginx goes on with the old one until its new processes are there
        shown = debian.run(
            "systemctl reload nginx\n"
            "curl --silent --retry 20 --retry-all-errors --retry-delay 1 https://facts.example.com/\n"
        )
        assert shown.returncode == 0, shown.stdout
        transcript.say("# (a certificate of the test authority in /etc/two-doors/tls)")


def _walk(debian: Machine, state: Path, transcript: Transcript) -> bool:
    _before(debian, state)
    shutil.copy(state / "roots.pem", debian.root / "opt" / "roots.pem")
    heading, talking = "", None
    for block in guide.blocks(guide.GUIDE.read_text(encoding="utf-8")):
        if block.heading != heading:
            heading = block.heading
            if heading.startswith("11.") and not _link(debian, state, transcript):
                return False
            if heading.startswith("12."):
                _new_version(state)
                talking = _people(state, debian, "talk")
            if heading.startswith("13.") and talking:
                (state / "enough").touch()
                if not _tell(talking, "people who talk to the skill during section 12", transcript):
                    return False
            transcript.say(f"\n## {heading}")
        if not _type(block, debian, transcript):
            found = debian.run(WHY)
            transcript.say(f"\n## what the machine says of it\n{found.stdout.strip()}")
            return False
        _after(block, debian, state, transcript)
    transcript.say("\n## what the guide does not type, but says")
    return all(_type(guide.Block("", script), debian, transcript) for script in SAID)


def _type(block: guide.Block, debian: Machine, transcript: Transcript) -> bool:
    begin = time.monotonic()
    is_online = any(word in block.script for word in ONLINE)
    env = CREDENTIALS if "manage.py pool" in block.script else {}
    done = debian.run(block.script, online=is_online, env=env)
    typed = "".join(f"$ {line}\n" for line in block.script.splitlines())
    lines = done.stdout.strip().splitlines()
    left_out = [f"[{len(lines) - LAST} lines]"] if len(lines) > LAST else []
    last = "\n".join([*left_out, *lines[-LAST:]])
    status = "" if done.returncode == 0 else f"\n# STATUS {done.returncode}"
    took = f"\n# {time.monotonic() - begin:.1f} s{status}"
    transcript.say(f"{typed}{last}{took}", whole=f"{typed}{done.stdout.strip()}{took}")
    return done.returncode == 0


def _link(debian: Machine, state: Path, transcript: Transcript) -> bool:
    """What the developer console and the Alexa app do, after section 10."""
    _write_values(debian, state)
    for part, title in (
        ("doors", "from outside, over port 443"),
        ("link", "a person signs in, links the account in the Alexa app, and talks"),
    ):
        if not _tell(_people(state, debian, part), title, transcript):
            return False
    return True


def _tell(people: subprocess.Popen[str], title: str, transcript: Transcript) -> bool:
    output, _ = people.communicate(timeout=400)
    transcript.say(f"\n## {title}\n{output.strip()}")
    return people.returncode == 0


def _write_values(debian: Machine, state: Path) -> None:
    """What the operator types into the developer console, from the machine's files."""
    lines = (debian.root / "etc/two-doors/two-doors.env").read_text().splitlines()
    values = dict(line.split("=", 1) for line in lines if "=" in line)
    secret = debian.root / "etc/two-doors/secrets/COGNITO_ALEXA_CLIENT_SECRET"
    values["COGNITO_ALEXA_CLIENT_SECRET"] = secret.read_text().strip()
    (state / "values.json").write_text(json.dumps(values))


def _new_version(state: Path) -> None:
    """A commit more in the repository that the machine pulls from."""
    work = state / "work"
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com"]
    origin = state / "machine" / "srv" / "git" / "two-doors.git"
    subprocess.run([*git, "clone", "--quiet", str(origin), str(work)], check=True)
    log = work / "CHANGELOG.md"
    log.write_text(log.read_text().replace("## 0.", "## 99.0.0 (walkthrough)\n\n## 0.", 1))
    subprocess.run([*git, "-C", str(work), "commit", "-qam", "The next one"], check=True)
    subprocess.run([*git, "-C", str(work), "push", "--quiet"], check=True)


if __name__ == "__main__":
    sys.exit(main())

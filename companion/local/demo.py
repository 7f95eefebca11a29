"""`make demo`: the whole thing on this machine, kept in `.local/`, until Ctrl-C."""

from __future__ import annotations

import os
import sys
import time

from botocore.exceptions import BotoCoreError, ClientError

from accounts.pool.errors import PoolError, explain
from companion.local import environment, people
from companion.local.aws import NotInstalled
from companion.local.site import ENV_FILE, AlreadyRunning, Site, running_site
from companion.local.supervisor import NotReady, ProcessDied, unwinding_on_signals

STATE = environment.BASE_DIR / ".local"
TRACED_FOR = 24  # hours
LOST = """
The local AWS had lost its pool: it was not stopped cleanly. The pool was made again, so everybody
in it is a new person to the website; what they had saved before stays with their old ids.
"""
PHRASES = ("open small wonders", "tell me a fact", "save that", "quiz me", "who am I")
HELP = """
Two doors are open, {seconds:.1f} s after the command.

  Website     {url}/
              sign in as   {email.user:<22} password {email.password}
              or by phone  {phone.user:<22} password {phone.password}
              the sign-in page is the local AWS's own; on AWS it is Cognito's
  Alexa       {url}/dev/alexa/
              link the account, then type one of these:
              {phrases}
  Operators   {url}/admin/
              sign in as   {operator.user:<22} password {operator.password}
              Linking attempts: {url}/traces/ (as operator)

  Try: save a fact by voice and look at {url}/saved/. Change your display name
  on the website and hear it in the next answer.

  Settings and passwords: {folder}/{env_file}   Logs: {folder}/logs/
  Ctrl-C stops everything. People and data stay; `rm -r {folder}` starts afresh.
"""


def main() -> int:
    # the time of `make demo`, where make says it: installing is part of the wait
    started = float(os.environ.get("STARTED") or time.time())

    def say(line: str) -> None:
        print(f"{time.time() - started:5.1f} s  {line}", flush=True)

    environment.forget_caller(STATE)
    try:
        with (
            unwinding_on_signals(),
            running_site(
                STATE,
                say=say,
                first_port=environment.FIRST_SITE_PORT,
                traced_for=TRACED_FOR,
            ) as site,
        ):
            _greet(site, time.time() - started)
            site.supervisor.watch()
    except KeyboardInterrupt:
        print("\nStopped. Start again with `make demo`: people and data are kept.")
        return 0
    except (AlreadyRunning, NotInstalled, NotReady, PoolError, ProcessDied) as error:
        return _fail(str(error))
    except (BotoCoreError, ClientError) as error:
        return _fail(f"the local AWS: {explain(error)}")
    return 0


def _greet(site: Site, seconds: float) -> None:
    if site.was_lost:
        print(LOST)
    print(
        HELP.format(
            seconds=seconds,
            phrases=", ".join(PHRASES),
            url=site.url,
            email=site.people[people.EMAIL],
            phone=site.people[people.PHONE],
            operator=site.people[people.OPERATOR],
            folder=STATE.name,
            env_file=ENV_FILE,
        ),
        flush=True,
    )


def _fail(text: str) -> int:
    print(f"make demo: {text}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.pool import client, console, destroy
from accounts.pool.asking import announcement, require_yes
from accounts.pool.changes import Proposal
from accounts.pool.deploy import STACK, Stack
from accounts.pool.errors import PoolError, explain
from accounts.pool.parameters import CALLBACK_PATH, Wishes

EXAMPLES = """
first time:  manage.py pool deploy --domain-prefix my-facts-4711 --vendor-id M1ABCDEFGH --public-url https://facts.example.com
then:        manage.py pool show            what to type into the Alexa developer console
             manage.py pool show --env      the settings of the website, with --secret complete
later:       manage.py pool plan            what a deployment would change; changes nothing
             manage.py pool deploy          what is not said keeps its value

Account and region are those of AWS_PROFILE or AWS_ACCESS_KEY_ID, and of AWS_REGION.
"""  # noqa: E501


class Command(BaseCommand):
    help = "The Cognito user pool as code: one CloudFormation stack."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        kwargs |= {"epilog": EXAMPLES, "formatter_class": RawDescriptionHelpFormatter}
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        for name, text in (
            ("plan", "print what a deployment would change, and change nothing"),
            ("deploy", "create or update the pool: print the changes, ask, wait"),
            ("show", "print the values for the Alexa developer console, or the settings"),
            ("destroy", "remove the stack; the pool and its people stay"),
        ):
            action = actions.add_parser(name, help=text, description=text)
            action.add_argument("--stack", default=STACK, help="its name (default: %(default)s)")
            if name in {"plan", "deploy"}:
                _add_wishes(action)
            if name in {"deploy", "destroy"}:
                action.add_argument("--yes", action="store_true", help="do not ask")
            if name == "show":
                action.add_argument("--secret", action="store_true", help="secrets too")
                action.add_argument("--env", action="store_true", help="as NAME=value lines")
            if name == "destroy":
                action.add_argument(
                    "--delete-users",
                    metavar="POOLNAME",
                    default="",
                    help="delete the pool of this name too, with everybody in it, for good",
                )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.AWS_REGION:
            raise CommandError("no AWS region: set AWS_REGION, for example us-east-1")
        stack = Stack(client.cloudformation(), options["stack"], say=self._say)
        try:
            getattr(self, f"_{options['action']}")(stack, options)
        except PoolError as error:
            raise CommandError(str(error)) from error
        except (BotoCoreError, ClientError) as error:
            raise CommandError(explain(error)) from error

    def _plan(self, stack: Stack, options: dict[str, Any]) -> None:
        proposal = self._propose(stack, options)
        if proposal:
            try:
                self._print_proposal(stack, proposal)
            finally:
                stack.discard(proposal)
            self._say("A plan only: nothing was changed.")

    def _deploy(self, stack: Stack, options: dict[str, Any]) -> None:
        proposal = self._propose(stack, options)
        if proposal:
            try:
                self._print_proposal(stack, proposal)
                require_yes("Deploy this?", yes=options["yes"])
            except BaseException:
                stack.discard(proposal)
                raise
            stack.execute(proposal)
            self._say("Deployed.")
        self._show(stack, {"secret": False, "env": False})

    def _propose(self, stack: Stack, options: dict[str, Any]) -> Proposal | None:
        public_urls = options["public_url"]
        if not public_urls and not stack.is_deployed():
            public_urls = [settings.PUBLIC_URL]
        proposal = stack.propose(
            Wishes(
                domain_prefix=options["domain_prefix"],
                vendor_id=options["vendor_id"] or settings.ALEXA_VENDOR_ID,
                public_urls=public_urls,
                alexa_callbacks=options["alexa_callback"],
                pool_name=options["pool_name"],
            )
        )
        if proposal is None:
            self._say(f"No changes: stack {stack.name} is as the template says.")
        return proposal

    def _print_proposal(self, stack: Stack, proposal: Proposal) -> None:
        for line in announcement(stack.name, proposal):
            self._say(line)
        if proposal.is_creation:
            name = proposal.values["PoolName"]
            for pool_id in destroy.namesakes(client.cognito_idp(), name):
                self._warn(f"There is a pool {name} already ({pool_id}): this makes another,")
                self._warn("without its people. To the website they would be new people.")
        if proposal.severe:
            self._warn(f"{len(proposal.severe)} resource(s) would be REPLACED or REMOVED.")
            self._warn("A new pool has nobody in it; a new client id unlinks every Alexa user.")
            if settings.AWS_ENDPOINT_URL:
                self._say("(A local AWS calls every changed client REPLACED, and replaces none.)")

    def _show(self, stack: Stack, options: dict[str, Any]) -> None:
        values = console.read(stack, client.cognito_idp(), endpoint=settings.AWS_ENDPOINT_URL)
        if options["env"]:
            for name, value in values.environment().items():
                hidden = name.endswith("_SECRET") and not options["secret"]
                self._say(f"# {name}: add --secret" if hidden else f"{name}={value}")
            return
        self._say("Alexa developer console, Build > Account Linking:")
        for field, value in values.console(secret=options["secret"]):
            self._say(f"  {field:<38} {value}")
        if settings.PUBLIC_URL + CALLBACK_PATH not in values.web_callbacks:
            self._warn(f"PUBLIC_URL {settings.PUBLIC_URL} cannot sign in with this pool: deploy")
            self._warn("again with --public-url for each site that should.")

    def _destroy(self, stack: Stack, options: dict[str, Any]) -> None:
        idp, delete_users = client.cognito_idp(), options["delete_users"]
        pool = destroy.find(stack, idp, delete_users=delete_users)
        if stack.describe():
            self._say(f"Stack {stack.name} goes, with sign-in domain and text message role.")
        if pool:
            if delete_users:
                self._warn(f"DELETED with everybody in it, for good: {pool}.")
            else:
                self._say(f"Stays: {pool}.")
        require_yes("Destroy this?", yes=options["yes"])
        stack.delete()
        if pool and delete_users:
            destroy.delete_pool(idp, pool)
            self._say(f"Deleted: {pool}. Nothing is left.")
        elif pool:
            self._say(f"Left: {pool}, its app clients and groups. Nobody can sign in there now.")
            self._say(f"To delete it too: manage.py pool destroy --delete-users {pool.name}")

    def _say(self, line: str) -> None:
        self.stdout.write(line)

    def _warn(self, line: str) -> None:
        self.stdout.write(self.style.WARNING(f"!! {line}"))


def _add_wishes(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--domain-prefix", default="", help="first label of the sign-in domain, like my-facts-4711"
    )
    parser.add_argument(
        "--vendor-id", default="", help="of the Alexa developer account (default: ALEXA_VENDOR_ID)"
    )
    parser.add_argument(
        "--public-url",
        action="append",
        default=[],
        help="address of a website that signs in here; repeatable (first time: PUBLIC_URL)",
    )
    parser.add_argument(
        "--alexa-callback",
        action="append",
        default=[],
        help="return address of the alexa client beside Amazon's three; repeatable "
        "(default: PUBLIC_URL/alexa-link/return/)",
    )
    parser.add_argument("--pool-name", default="", help="first time: the stack's name")

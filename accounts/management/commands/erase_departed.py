from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.core.management.base import BaseCommand, CommandError

from accounts.erasure import PoolUnavailable, delete_person
from accounts.models import Deletion, User
from accounts.pool import people
from accounts.pool.client import cognito_idp
from accounts.tables import require_table

MOST = 0.1  # of all people; more than that looks like the wrong pool


class Command(BaseCommand):
    help = (
        "Erase the people whom the user pool does not have any more. After a restore: whoever "
        "deleted their account since the backup stays deleted. Says how many; --yes erases."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--yes", action="store_true", help="erase them")
        parser.add_argument(
            "--many", action="store_true", help=f"also where that is more than {MOST:.0%}% of all"
        )

    def handle(self, *args: Any, yes: bool, many: bool, **options: Any) -> str:
        require_table(User)
        # before the pool is asked, which takes a while: who signs up meanwhile is not in ours
        ours = list(User.objects.values_list("pk", "sub"))
        try:
            known = set(people.everybody())
        except (BotoCoreError, ClientError) as error:
            raise CommandError(
                f"The pool cannot be asked ({type(error).__name__}); nobody was erased. It takes "
                "cognito-idp:ListUsers."
            ) from error
        departed = [pk for pk, sub in ours if sub not in known]
        total = len(ours)
        found = f"{len(departed)} of {total} people are not in the pool any more"
        if not departed:
            return f"{found}."
        if len(departed) > MOST * total and not many:
            raise CommandError(
                f"{found}, which is more than {MOST:.0%}. Is it the right pool? If so: --many."
            )
        if not yes:
            return f"{found}. Nobody was erased: --yes does."
        erased = 0
        for user in User.objects.filter(pk__in=departed).iterator():
            try:
                # each once more: a list in pages may leave somebody out
                if people.find(cognito_idp(), user.sub) is None:
                    erased += delete_person(user, by=Deletion.By.OPERATOR) is not None
            except (PoolUnavailable, BotoCoreError, ClientError) as error:
                raise CommandError(
                    f"The pool does not answer any more: {erased} were erased. Call it again."
                ) from error
        return f"{found}: erased {erased}."

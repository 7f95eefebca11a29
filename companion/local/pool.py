"""Deploy the pool into the local AWS with the code that deploys to AWS, and make people in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from accounts.pool import console
from accounts.pool.deploy import STACK, Stack
from accounts.pool.parameters import LINK_CALLBACK_PATH, Wishes
from companion.local import environment
from companion.local.aws import LocalAws

DEV_CALLBACK_PATH = "/dev/alexa/callback/"  # the simulator links as Alexa does


def quiet(line: str) -> None:
    """A local deployment takes a second: its progress is only of interest when it fails."""


def deploy(
    aws: LocalAws,
    public_url: str,
    *,
    stack: str = STACK,
    domain_prefix: str = "two-doors-local",
    say: Callable[[str], None] = quiet,
    more_alexa_callbacks: Sequence[str] = (),
) -> console.PoolValues:
    """Deploy or update; the same call again changes nothing. Raises PoolError."""
    callbacks = (public_url + LINK_CALLBACK_PATH, public_url + DEV_CALLBACK_PATH)
    deployment = Stack(aws.client("cloudformation"), stack, say=say)
    proposal = deployment.propose(
        Wishes(
            domain_prefix=domain_prefix,
            vendor_id=environment.VENDOR_ID,
            public_urls=(public_url,),
            alexa_callbacks=(*callbacks, *more_alexa_callbacks),
        )
    )
    if proposal:
        deployment.execute(proposal)
    return console.read(deployment, aws.client("cognito-idp"), endpoint=aws.url)

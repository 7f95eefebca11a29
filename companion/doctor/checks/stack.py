"""The stack that made the pool: is it at rest, and as it was deployed?"""

from __future__ import annotations

import time
from collections.abc import Iterator

from django.conf import settings

from companion.doctor import sources
from companion.doctor.checks import alexa_client
from companion.doctor.context import Context, Unavailable, asked
from companion.doctor.mending import DEPLOY
from companion.doctor.registry import check
from companion.doctor.results import Seen, error, ok, skipped, warning

WAIT = 5.0  # seconds for CloudFormation to compare; it goes on by itself after that
PAUSE = 0.3
GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE")


@check("stack.state", "Stack", source=sources.DRIFT, online=True)
def state(context: Context) -> Iterator[Seen]:
    context.pool()
    try:
        stack = context.stack()
    except Unavailable as reason:
        yield warning(
            str(reason),
            wanted="the stack that `manage.py pool deploy` made",
            mend="Name it with --stack. A pool made by hand can be used, but nothing keeps it as "
            "the template says.",
        )
        return
    name, status = stack["StackName"], stack["StackStatus"]
    if status.endswith("IN_PROGRESS"):
        yield warning(f"{name} is {status}", wanted="at rest", mend="Wait, and look again.")
    elif status not in GOOD:
        yield error(
            f"{name} is {status}",
            wanted="CREATE_COMPLETE or UPDATE_COMPLETE",
            mend="CloudFormation console, the stack, Events: the first failure says why.",
        )
    elif status == "UPDATE_ROLLBACK_COMPLETE":
        yield warning(
            f"{name}: the last change failed and was taken back",
            wanted="UPDATE_COMPLETE",
            mend=f"CloudFormation console, the stack, Events. {DEPLOY}",
        )
    else:
        yield ok(f"{name}, {status}")
    vendor = {each["ParameterKey"]: each["ParameterValue"] for each in stack.get("Parameters", [])}
    theirs = vendor.get("VendorId", "")
    if settings.ALEXA_VENDOR_ID and theirs and theirs != settings.ALEXA_VENDOR_ID:
        try:
            alexa_client.require_vendor(context)
        except Unavailable as reason:
            yield skipped(f"not looked at: {reason}", about="vendor id")
            return
        yield error(
            f"deployed for {theirs}, ALEXA_VENDOR_ID is {settings.ALEXA_VENDOR_ID}",
            wanted="one vendor id",
            mend="Correct ALEXA_VENDOR_ID, or `manage.py pool deploy --vendor-id …`.",
            about="vendor id",
        )


@check("stack.drift", "Changes by hand", source=sources.DRIFT, online=True)
def drift(context: Context) -> Iterator[Seen]:
    """CloudFormation's own comparison; ours of pool and clients stands under those."""
    stack = context.stack()
    if stack["StackStatus"].endswith("IN_PROGRESS"):
        yield skipped("not looked at: the stack is busy")
        return
    cloudformation, name = context.cloudformation(), stack["StackName"]
    detection = asked(lambda: cloudformation.detect_stack_drift(StackName=name))
    end = time.monotonic() + WAIT
    while True:
        status = asked(
            lambda: cloudformation.describe_stack_drift_detection_status(
                StackDriftDetectionId=detection["StackDriftDetectionId"]
            )
        )
        if status["DetectionStatus"] != "DETECTION_IN_PROGRESS":
            break
        if time.monotonic() > end:
            yield skipped(f"CloudFormation compares for more than {WAIT:g} s: run it again later")
            return
        time.sleep(PAUSE)
    if status.get("StackDriftStatus") == "IN_SYNC":
        yield ok("none that CloudFormation finds")
        return
    drifted = asked(
        lambda: cloudformation.describe_stack_resource_drifts(
            StackName=name,
            StackResourceDriftStatusFilters=["MODIFIED", "DELETED"],
            MaxResults=100,  # the template has a dozen
        )
    )["StackResourceDrifts"]
    for resource in drifted:
        paths = [each["PropertyPath"] for each in resource.get("PropertyDifferences", [])]
        yield warning(
            f"{resource['StackResourceDriftStatus'].lower()}: {', '.join(paths) or 'the whole'}",
            wanted="as deployed",
            mend="CloudFormation console, the stack, Stack actions, View drift results. "
            "`manage.py pool deploy` does not undo it while the template is unchanged: undo it by "
            "hand, write it into the template, or make a change set with --deployment-mode "
            "REVERT_DRIFT.",
            about=resource["LogicalResourceId"],
        )
    if not drifted:
        yield ok(f"{status.get('StackDriftStatus', 'unknown')}, no resource named")

"""The whole installation, started as the demo starts it, stopped, and started again."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest
import requests

from companion.local import environment
from companion.local.aws import NotInstalled, is_installed
from companion.local.people import EMAIL, OPERATOR
from companion.local.site import ENV_FILE, running_site

pytestmark = pytest.mark.local_aws


@pytest.fixture(autouse=True)
def _installed() -> None:
    if not is_installed() and os.environ.get("REQUIRE_LOCAL_AWS") != "1":
        pytest.skip(str(NotInstalled()))


def test_it_keeps_pool_people_and_data_and_survives_a_lost_aws(tmp_path: Path) -> None:
    with running_site(tmp_path) as first:
        assert first.is_new
        assert not first.was_lost
        assert requests.get(f"{first.url}/readyz", timeout=10).status_code == 200
        assert not requests.get(first.url, timeout=10).history
        groups = first.aws.client("cognito-idp").admin_list_groups_for_user(
            UserPoolId=first.pool.pool_id, Username=first.people[OPERATOR].user
        )["Groups"]
        assert [group["GroupName"] for group in groups] == ["operators"]
        # it loses what it has not written: not the pool, which it was made to write at once
        first.aws.process.popen.send_signal(signal.SIGKILL)

    # everything has stopped
    assert first.process.popen.poll() is not None
    assert first.aws.process.popen.poll() is not None
    written = environment.read_env_file(tmp_path / ENV_FILE)
    assert written["DEMO_EMAIL_SUB"] == first.people[EMAIL].sub
    assert "PATH" not in written

    with running_site(tmp_path) as second:
        assert second.people == first.people
        assert second.environment == first.environment
        assert not second.is_new
    shutil.rmtree(tmp_path / "aws")

    with running_site(tmp_path) as third:
        assert third.was_lost
        assert third.people[EMAIL].password == first.people[EMAIL].password

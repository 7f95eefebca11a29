"""Where to click, for the faults that several checks find.

`manage.py pool deploy` compares the template with what was deployed before, not with what is there:
where somebody changed a client by hand it has nothing to do.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
"""

from __future__ import annotations

_BY_HAND = "Where it was never deployed so, `manage.py pool deploy` does it."
_CLIENTS = "Cognito console: User pools, the pool, App clients, the client"

DEPLOY = "`manage.py pool plan` shows the change, `manage.py pool deploy` makes it."
LOGIN_PAGES = f"{_CLIENTS}, Login pages, Edit. {_BY_HAND}"
CLIENT = f"{_CLIENTS}, App client information, Edit. {_BY_HAND}"
ATTRIBUTES = f"{_CLIENTS}, Attribute permissions, Edit."
POOL = f"Cognito console: User pools, the pool. {_BY_HAND}"
GROUPS = f"Cognito console: User pools, the pool, Groups, Create group. {_BY_HAND}"
DOMAIN = f"Cognito console: User pools, the pool, Domain. {_BY_HAND}"
VENDOR = (
    "`manage.py pool deploy --vendor-id M…` registers all three with the right id; an address that "
    f"was typed by hand is changed by hand. {_CLIENTS}, Login pages, Edit."
)
SITE = (
    "`manage.py pool deploy --public-url …`, once for each site that signs in here; an address "
    f"that was taken out by hand is put back by hand. {_CLIENTS}, Login pages, Edit."
)

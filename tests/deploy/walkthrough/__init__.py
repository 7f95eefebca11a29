"""docs/deploy.md, typed on a fresh Debian 12: `python -m tests.deploy.walkthrough`, as root.

The machine is real: Debian by debootstrap, booted with its own systemd and its own network,
PostgreSQL, Redis and nginx from Debian's packages, production settings. The world around it is
played, because there is no AWS account and no Alexa in a test: names of Amazon lead to a stand-in
with certificates of a test authority, which the machine is told to trust.
"""

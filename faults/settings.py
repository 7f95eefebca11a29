"""Of a site whose Amazon is played.

FAULTS_ROOTS: a file of roots that it takes for the public ones. Nothing of the site knows of this:
whoever asks certifi where its roots are is told another file. FAULTS_PAUSE: seconds between two
fetches of the key set, where half a minute would be a long story.
"""

from __future__ import annotations

import os

import certifi

if "FAULTS_ROOTS" in os.environ:
    certifi.where = lambda: os.environ["FAULTS_ROOTS"]

from accounts.cognito import keys
from benchmarks.settings import *  # noqa: F403 - all of them

if pause := os.environ.get("FAULTS_PAUSE"):
    keys.COOLDOWN = keys.RETRY = float(pause)  # type: ignore[assignment]

#!/usr/bin/env python
"""Start here: `manage.py help`.

Ours are `pool`, `doctor`, `oauth_trace`, `certify`, `facts`, `interaction_models`, `skill_package`
and `prune`.
"""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "companion.settings")
    execute_from_command_line(sys.argv)

"""The catalogues of all languages: what they must hold, and the files that programs read.

A folder `locale` translates the sentences of the sources beside it and below, but not below a
deeper folder that has a `locale` of its own.

    python -m companion.local.translations                    compiles every catalogue
    python -m companion.local.translations update [de fr …]   writes new sentences into them
    python -m companion.local.translations check [de fr …]    says what is missing or wrong
"""

from __future__ import annotations

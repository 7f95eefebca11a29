"""Every sentence that the skill says. Read them aloud: one idea a breath, and no address.

One module for each of the handlers' topics. Functions give Ssml: the sentences hold our own
markup, and what is filled in is escaped. Sentences that people hear often come in several
wordings; `seed` picks one, so that the same request is always answered in the same words.
"""

from __future__ import annotations

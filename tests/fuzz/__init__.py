"""Hostile input made by a machine, and what must hold whatever it makes: docs/fuzzing.md.

A target (targets/) is a function of bytes that raises where a promise is broken. Two drivers feed
the same targets: hypothesis in the test suite (test_targets.py), and `make fuzz`, which is guided
by coverage where atheris is installed.
"""

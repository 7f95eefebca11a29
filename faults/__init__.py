"""Breaks real servers while people talk to them, and counts what came of it: `make faults`."""

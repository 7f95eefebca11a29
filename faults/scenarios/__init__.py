"""A module for each thing that breaks; each has SCENARIOS."""

"""What Amazon's review tries on a skill endpoint, tried beforehand, on any endpoint.

It speaks HTTP and nothing else: no database, no settings, no model of ours.
"""

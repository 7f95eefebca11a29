"""How the last day went, for operators: what the servers counted, at /operations/. English."""

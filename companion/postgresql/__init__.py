"""PostgreSQL as Django's backend has it, for people who wait: ENGINE "companion.postgresql"."""

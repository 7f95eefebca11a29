"""Where a database would be, in a process without settings: ENGINE "companion.no_database"."""

"""The steps of the schema, in order. Each runs on SQLite and on PostgreSQL; a released one is never edited."""

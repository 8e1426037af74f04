"""The only SQL. Functions of one connection, the same for SQLite and PostgreSQL: rows in, structs of `sync` out."""

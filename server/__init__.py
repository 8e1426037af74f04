"""The server: a Litestar application around `sync`."""

"""TLS towards the outside: the system's authorities and, where an operator names them, some of their own."""

import ssl
from functools import cache


@cache
def client_context(ca_file: str = "") -> ssl.SSLContext:
    """The context of all outgoing connections; `ca_file` is a PEM file of further authorities, or empty."""
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(ca_file)
    return context

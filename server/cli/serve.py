"""`ronda serve`: the HTTP server."""

import rich_click as click
import uvicorn

from server.app import create_app
from server.cli.context import settings


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
def serve(host: str, port: int) -> None:
    """Serve the apps and their API. Any number of servers may share one PostgreSQL database."""
    # No access log: a proxy keeps one, and paths here would only repeat it.
    app = create_app(settings())
    uvicorn.run(
        app,
        host=host,
        port=port,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=20,
        ws="none",
    )

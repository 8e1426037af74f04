"""The commands of `ronda`, in the order in which an operator meets them."""

import logging
import os

import rich_click as click
import structlog

from server.cli.applications import application
from server.cli.areas import areas
from server.cli.database import migrate, restored
from server.cli.demo import demo, seed
from server.cli.devices import devices
from server.cli.enrol import enrol
from server.cli.officers import officers
from server.cli.openapi import openapi
from server.cli.protocol import protocol
from server.cli.seal import batches_group, seal
from server.cli.serve import serve
from server.cli.users import users
from server.cli.vapid import vapid_keys
from server.cli.worker import worker


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Ronda: reports of foreigners, sealed and delivered three times a day; passports, announced when ready.

    Settings come from the environment as RONDA_…; README.md lists them.
    """
    os.umask(0o077)  # The database and the mails hold personal data: what a command writes is its owner's alone.
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )


_COMMANDS = (
    demo,
    serve,
    worker,
    migrate,
    restored,
    areas,
    officers,
    users,
    seed,
    enrol,
    devices,
    seal,
    batches_group,
    application,
    vapid_keys,
    protocol,
    openapi,
)

for command in _COMMANDS:
    main.add_command(command)

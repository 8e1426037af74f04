"""The seed of this run: chosen by chance, unless RONDA_SEED names one."""

import os
import random
from typing import Final

SEED: Final = int(os.environ.get("RONDA_SEED") or random.randrange(2**32))

# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What is no mistake for certain, and is built."""
import sys
from typing import Optional

from .errors import Error, Position


def warn(position: Optional[Position], message: str, hint: str = "") -> None:
    print(str(Error(position, message, hint)).replace(": error: ", ": warning: ", 1), file=sys.stderr)

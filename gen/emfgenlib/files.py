# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Files that are read: regular ones. A FIFO would be waited for, and a device never end."""
import errno
import os
import stat


def read_regular(path: str, most: int = -1) -> bytes:
    """The file, or its first @most bytes."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(fd, "rb") as f:  # refuses folders itself
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(errno.EINVAL, "Not a regular file", path)
        return f.read(most)

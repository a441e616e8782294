# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What figures are counted in."""
KIB = 1024
KB = 1000  # as sizes are quoted; memory is counted in pages, and so in KiB

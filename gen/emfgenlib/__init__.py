# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The generator of EMF: description -> model -> checks -> templates -> files."""

VERSION = "0.1.0"

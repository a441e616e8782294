"""The generator of EMF: description -> model -> checks -> templates -> files."""

VERSION = "0.1.0"

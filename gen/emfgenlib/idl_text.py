"""A service as text: what a product prints when it is asked what it offers."""
from typing import Dict, List

from .errors import Errors
from .fmt import canonical
from .syntax import File, Service


def service_texts(file: File) -> Dict[str, List[str]]:
    """The lines of each service of a file, in canonical form and with its docs."""
    services = file.of(Service)
    if not services:
        return {}
    lines = canonical(file.path, file.text, Errors()).splitlines(keepends=True)
    out = {}
    for service in services:
        begin = next(i for i, line in enumerate(lines) if line.startswith(f"service {service.name} "))
        end = begin if lines[begin].rstrip().endswith("}") else lines.index("}\n", begin)
        while begin and lines[begin - 1].startswith("///"):
            begin -= 1
        out[service.name] = lines[begin:end + 1]
    return out

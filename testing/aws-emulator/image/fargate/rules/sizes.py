"""Fargate's task sizes.

Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
"""

import re

from fargate.errors import client_error

GIB = 1024

MEMORY_BY_CPU = {
    256: [512, 1 * GIB, 2 * GIB],
    512: [gib * GIB for gib in range(1, 5)],
    1024: [gib * GIB for gib in range(2, 9)],
    2048: [gib * GIB for gib in range(4, 17)],
    4096: [gib * GIB for gib in range(8, 31)],
    8192: [gib * GIB for gib in range(16, 61, 4)],
    16384: [gib * GIB for gib in range(32, 121, 8)],
}
"""Valid memory sizes (MiB) by CPU units."""


def cpu_units(value) -> int:
    """Parse CPU units from `"1024"`, `"1 vCPU"` or `".5 vCPU"`."""
    match = re.fullmatch(r"(\d*\.?\d+)\s*vcpu", str(value).strip(), re.IGNORECASE)
    if match:
        return round(float(match.group(1)) * 1024)
    return _integer(value, "cpu")


def memory_mib(value) -> int:
    """Parse MiB from `"2048"`, `"2GB"` or `"0.5 GB"`."""
    match = re.fullmatch(r"(\d*\.?\d+)\s*gb", str(value).strip(), re.IGNORECASE)
    if match:
        return round(float(match.group(1)) * GIB)
    return _integer(value, "memory")


def _integer(value, name: str) -> int:
    if not re.fullmatch(r"\d+", str(value).strip()):
        raise client_error(f"Invalid '{name}' setting for task.")
    return int(value)


def check_task_size(cpu, memory) -> tuple[int, int]:
    """Return CPU units and MiB of a valid Fargate size. Raises ClientException otherwise."""
    if not cpu:
        raise client_error("Fargate requires that 'cpu' be defined at the task level.")
    if not memory:
        raise client_error("Fargate requires that 'memory' be defined at the task level.")
    units, mib = cpu_units(cpu), memory_mib(memory)
    if mib not in MEMORY_BY_CPU.get(units, []):
        raise client_error(
            f"No Fargate configuration exists for given values: {units} CPU, {mib} memory. "
            "See the Amazon ECS documentation for the valid values.")
    return units, mib


def check_ephemeral_storage(storage) -> None:
    """Ephemeral storage, if given, must be 21 to 200 GiB."""
    if storage and not 21 <= int(storage.get("sizeInGiB", 0)) <= 200:
        raise client_error("'ephemeralStorage' size must be between 21 GiB and 200 GiB.")

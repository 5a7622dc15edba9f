"""Rules and order of `dependsOn`.

Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html
"""

from fargate.errors import client_error

CONDITIONS = ("START", "COMPLETE", "SUCCESS", "HEALTHY")


def check_dependencies(containers: list) -> None:
    """Refuse dependencies on unknown containers, circular ones, and those that can never be met."""
    by_name = {container["name"]: container for container in containers}
    for container in containers:
        for dependency in container.get("dependsOn") or []:
            _check_dependency(container["name"], dependency, by_name)
    start_order(containers)


def _check_dependency(name: str, dependency: dict, by_name: dict) -> None:
    target, condition = dependency.get("containerName"), dependency.get("condition")
    if target == name:
        raise client_error(f"Container '{name}' can not depend on itself.")
    if target not in by_name:
        raise client_error(f"Container '{name}' depends on unknown container '{target}'.")
    if condition not in CONDITIONS:
        raise client_error(f"Container '{name}' has an invalid dependency condition '{condition}'.")
    if condition in ("COMPLETE", "SUCCESS") and by_name[target].get("essential", True):
        raise client_error(
            f"A container dependency with condition {condition} can't be set on an essential container ('{target}').")
    if condition == "HEALTHY" and not by_name[target].get("healthCheck"):
        raise client_error(
            f"A container dependency with condition HEALTHY requires a health check on container '{target}'.")


def start_order(containers: list) -> list[str]:
    """Container names in start order: after their dependencies, otherwise in definition order."""
    ordered: list[str] = []
    waiting = {c["name"]: {d["containerName"] for d in c.get("dependsOn") or []} for c in containers}
    while waiting:
        ready = [name for name, needs in waiting.items() if needs <= set(ordered)]
        if not ready:
            raise client_error("Task definition contains a circular container dependency.")
        ordered += ready
        for name in ready:
            del waiting[name]
    return ordered


def stop_waves(containers: list) -> list[list[str]]:
    """Container names in stop order: dependent containers stop first."""
    depended_by = {c["name"]: set() for c in containers}
    for container in containers:
        for dependency in container.get("dependsOn") or []:
            depended_by[dependency["containerName"]].add(container["name"])
    waves: list[list[str]] = []
    stopped: set[str] = set()
    while len(stopped) < len(depended_by):
        wave = [name for name, users in depended_by.items() if name not in stopped and users <= stopped]
        waves.append(wave)
        stopped |= set(wave)
    return waves

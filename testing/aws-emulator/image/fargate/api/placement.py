"""Capacity provider of each task of a RunTask call."""

from fargate.errors import invalid_parameter
from fargate.rules.run_task import check_strategy


def choose_providers(data: dict, cluster: dict) -> list[str | None]:
    """Choose a provider for each task of the call; None is the launch type FARGATE."""
    launch_type, strategy = data.get("launchType"), data.get("capacityProviderStrategy")
    count = int(data.get("count", 1))
    if launch_type and strategy:
        raise invalid_parameter("Specifying both a launch type and capacity provider strategy is not supported. "
                                "Remove one and try again.")
    if launch_type == "FARGATE":
        return [None] * count
    strategy = strategy or (None if launch_type else cluster.get("defaultCapacityProviderStrategy"))
    if not strategy:
        raise invalid_parameter("No Container Instances were found in your cluster.")
    check_strategy(strategy, cluster)
    return spread(strategy, count)


def spread(strategy: list, count: int) -> list[str]:
    """Fill the bases first, then place each task on the provider furthest below its share of the weights."""
    chosen: list[str] = []
    for item in strategy:
        chosen += [item["capacityProvider"]] * min(int(item.get("base") or 0), count - len(chosen))
    weights = {item["capacityProvider"]: int(item.get("weight") or 0) for item in strategy}
    if not any(weights.values()):
        weights = dict.fromkeys(weights, 1)
    placed = dict.fromkeys(weights, 0)
    while len(chosen) < count:
        provider = min((name for name in weights if weights[name]),
                       key=lambda name: (placed[name] + 1) / weights[name])
        placed[provider] += 1
        chosen.append(provider)
    return chosen

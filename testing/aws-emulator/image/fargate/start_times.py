"""How long tasks take to start: as fast as Docker, or for benchmarks as slowly as on Fargate."""

import random
import threading

SHORTEST = 0.25
"""The shortest drawn time to provision a task, as a share of the mean."""


class StartTimes:
    """The current start times. By default nothing is added to what Docker takes."""

    def __init__(self):
        self._lock = threading.Lock()
        self.change({"seconds": 0, "megabytesPerSecond": None})

    def change(self, requested: dict) -> None:
        """Change start times: `{seconds, deviation?, seed?, megabytesPerSecond?}`."""
        seconds, deviation = float(requested["seconds"]), float(requested.get("deviation", 0))
        rate = requested.get("megabytesPerSecond")
        if seconds < 0 or deviation < 0 or (rate is not None and float(rate) <= 0):
            raise ValueError("seconds and deviation must not be negative, megabytesPerSecond must be positive")
        with self._lock:
            self._seconds, self._deviation = seconds, deviation
            self._seed = int(requested.get("seed", 1))
            self._rate = None if rate is None else float(rate)
            self._random = random.Random(self._seed)

    def show(self) -> dict:
        """The current start times."""
        with self._lock:
            return {"seconds": self._seconds, "deviation": self._deviation, "seed": self._seed,
                    "megabytesPerSecond": self._rate}

    def draw(self) -> float:
        """Seconds to provision the next task, normally distributed, not less than a quarter of the mean."""
        with self._lock:
            return max(self._seconds * SHORTEST, self._random.gauss(self._seconds, self._deviation))

    def pull_seconds(self, size: int) -> float:
        """Seconds to pull an image of `size` bytes, as Docker stores it."""
        with self._lock:
            return 0.0 if self._rate is None else size / 1_000_000 / self._rate


START_TIMES = StartTimes()

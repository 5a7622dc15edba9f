"""`python3 -m fargate`: MiniStack with ECS on Fargate. Removes its Docker resources at the end."""

from ministack import app as ministack_app

from fargate.cleanup import remove_everything
from fargate.install import install


def main() -> None:
    """Serve until SIGTERM."""
    install()
    try:
        ministack_app.main()
    finally:
        remove_everything()


if __name__ == "__main__":
    main()

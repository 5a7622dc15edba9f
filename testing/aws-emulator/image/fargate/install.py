"""Replacement of MiniStack's handlers. The names are those of MiniStack 1.5.33, which requirements.txt pins."""

from ministack import app as ministack_app
from ministack.services import ecs

from fargate import cloudformation, message_moves, service_linked_role
from fargate.api import clusters
from fargate.api.client_tokens import CLIENT_TOKENS
from fargate.api.clusters import delete_cluster
from fargate.api.run_task import run_task
from fargate.api.tags import list_tags_for_resource, tag_resource, untag_resource
from fargate.api.task_definitions import (
    delete_task_definitions,
    deregister_task_definition,
    describe_task_definition,
    list_task_definition_families,
    register_task_definition,
)
from fargate.api.tasks import describe_tasks, list_tasks, stop_task
from fargate.cleanup import remove_everything
from fargate.faults import throttled
from fargate.runtime.events import start_delivery
from fargate.server import with_own_paths

ACTIONS = {
    "DeleteCluster": delete_cluster,
    "RegisterTaskDefinition": register_task_definition,
    "DeregisterTaskDefinition": deregister_task_definition,
    "DeleteTaskDefinitions": delete_task_definitions,
    "DescribeTaskDefinition": describe_task_definition,
    "ListTaskDefinitionFamilies": list_task_definition_families,
    "RunTask": run_task,
    "StopTask": stop_task,
    "DescribeTasks": describe_tasks,
    "ListTasks": list_tasks,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "ListTagsForResource": list_tags_for_resource,
}


def install() -> None:
    """Replace the ECS actions, CloudFormation's ECS resources and the reset, and add the emulator's HTTP paths."""
    ecs._ACTION_MAP.update({action: throttled(action, handler) for action, handler in ACTIONS.items()})
    # Other services (Step Functions, CloudFormation) call the module's functions.
    ecs._run_task, ecs._stop_task, ecs._describe_tasks = run_task, stop_task, describe_tasks
    ecs._register_task_definition = register_task_definition
    cloudformation.install()
    clusters.install()
    service_linked_role.install()
    message_moves.install()
    _wrap_reset()
    ministack_app.app = with_own_paths(ministack_app.app)
    start_delivery()


def _wrap_reset() -> None:
    reset = ecs.reset

    def reset_all():
        remove_everything()
        CLIENT_TOKENS.clear()
        reset()

    ecs.reset = reset_all

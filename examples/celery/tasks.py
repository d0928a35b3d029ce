"""What the workers do: each task writes its name into a file that all releases share."""

import os
import time

from celery import Celery

celery = Celery("tasks", broker=os.environ["BROKER_URL"])
celery.conf.update(
    # A task is done when it is done, not when a worker took it: what a worker leaves half done is done again.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    # A task is handed out again when nobody has finished it in this time: longer than any takes.
    broker_transport_options={"visibility_timeout": 3600},
    broker_connection_retry_on_startup=True,
    task_ignore_result=True,
    worker_hijack_root_logger=False,
    beat_schedule={"tick": {"task": "tasks.tick", "schedule": 2.0, "options": {"expires": 10}}},
)


def note(file, line):
    """One write, so that lines of several workers never mix."""
    path = os.path.join(os.environ["DEPLOYER_ROOT"], "shared", file)
    with open(path, "a", buffering=1) as log:
        log.write(line + "\n")


@celery.task
def work(name, seconds):
    note("began", name)
    time.sleep(seconds)
    note("done", name)


@celery.task
def tick():
    note("ticks", os.environ["DEPLOYER_RELEASE"])

"""A Celery application whose tasks run in Flask's app contexts; it knows nothing of ctxtop.

JOBS_DIRECTORY is where its messages lie.
"""

from __future__ import annotations

import os
from typing import Any

from celery import Celery, Task
from flask import Flask, current_app

app = Flask(__name__)


class ContextTask(Task):  # type: ignore[misc]
    """A task as Flask's documentation has it."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        with app.app_context():
            return self.run(*arguments, **options)


celery = Celery("jobs", task_cls=ContextTask, broker="filesystem://")
celery.conf.broker_transport_options = {
    "polling_interval": 0.1,
    **{name: os.environ["JOBS_DIRECTORY"] for name in ("data_folder_in", "data_folder_out", "control_folder")},
}


@celery.task
def work() -> None:
    print(f"worked in {current_app.name}: {os.getpid()}", flush=True)

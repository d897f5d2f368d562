"""A finished evaluation as a run in MLflow, when MLFLOW_TRACKING_URI is set."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ingest.errors import AssistantError, SettingsError

URI = "MLFLOW_TRACKING_URI"
EXPERIMENT = "answer quality"
FILES = ("report.json", "report.html", "report.md", "junit.xml")
_PARAMETERS = ("cases", "index", "as_of", "configuration", "llm", "models", "prompt", "judge", "ragas")


def log_report(report: Mapping[str, Any], folder: Path) -> str:
    """Log parameters, figures and report files; returns the run's id, "" where no tracking server is set.

    Raises AssistantError (exit 2) when the server can't be written to: a run that should be on record and is not
    must not look done.
    """
    uri = os.environ.get(URI, "")
    if not uri:
        return ""
    # MLflow reports its use over the network unless it is told not to, before its first import.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    try:
        from mlflow import MlflowClient  # noqa: PLC0415  # seconds to import, only where it is asked for
        from mlflow.exceptions import MlflowException  # noqa: PLC0415  # as above
    except ImportError as error:
        raise SettingsError(
            f"{URI} is set but MLflow can't be imported: {error}", hint="pip install mlflow-skinny"
        ) from None
    try:
        return _log(MlflowClient(tracking_uri=uri), report, folder)
    except (MlflowException, OSError) as error:
        raise AssistantError(f"the run could not be logged to {uri}: {error}", hint=f"check or unset {URI}") from None


def _log(client: Any, report: Mapping[str, Any], folder: Path) -> str:
    known = client.get_experiment_by_name(EXPERIMENT)
    experiment = known.experiment_id if known else client.create_experiment(EXPERIMENT)
    verdict = report["verdict"]
    run_id = str(client.create_run(experiment, tags={"verdict": verdict["word"]}).info.run_id)
    for name in _PARAMETERS:
        if value := report["run"].get(name):
            client.log_param(run_id, name, ", ".join(value) if isinstance(value, list) else value)
    for name, figure in report["figures"].items():
        client.log_metric(run_id, name, figure["value"])
    for group, data in report["groups"].items():
        for name, figure in data["figures"].items():
            client.log_metric(run_id, f"{group}/{name}", figure["value"])
    for name in FILES:
        client.log_artifact(run_id, str(folder / name))
    client.set_terminated(run_id, "FINISHED" if verdict["code"] < 2 else "FAILED")
    return run_id

"""What trackers hold of the cockpit's words, read back by the trackers' own code."""

import json
from pathlib import Path

from cockpit.sources.wandb_offline import WandbOffline


def told_by_tensorboard(folder, title):
    """Step and words, as TensorBoard itself reads them."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder)).Reload()
    return [(e.step, e.tensor_proto.string_val[0].decode()) for e in events.Tensors(f"cockpit/{title}/text_summary")]


def told_by_wandb(folder):
    """The summary that an offline run keeps of the cockpit's words, read by W&B's own records."""
    from wandb.proto.wandb_internal_pb2 import Record

    source, found, summary = WandbOffline(), [], {}
    (file,) = Path(folder).glob("*.wandb")
    (run,) = source.runs(file)
    tail = source.open(run)
    tail._take = lambda data, rows: found.append(Record.FromString(data))
    while tail.poll().more:
        pass
    for record in found:
        for item in record.summary.update:
            summary["/".join(item.nested_key) or item.key] = json.loads(item.value_json)
    return {name: value for name, value in summary.items() if name.startswith("cockpit/")}


def told_by_mlflow(tracker):
    """The tags of a run."""
    from mlflow import MlflowClient

    return MlflowClient(tracker.place).get_run(tracker.id).data.tags

"""Train transformers_script.py and ask for changes at certain steps: a plan in $PLAN, then the script's own arguments.

The plan: ``ask`` {step: [values]}, ``pause`` (a step), ``die`` (a step), ``stop_early`` (patience), ``torn`` (a step
whose checkpoint is found torn), ``own_loop`` (as of a trainer that trains in a way of its own). Prints the learning
rate of each group after each step: ``rates STEP RATE…``.
"""

import json
import os
import runpy
import signal
import sys
from pathlib import Path

import torch
import transformers

from cockpit.recorder import ranks
from cockpit.recorder.bridges import transformers as bridge
from cockpit.runs import requests
from cockpit.runs.layout import ENV_RUN_DIR, RunPaths

PLAN = json.loads(os.environ["PLAN"])
RUN = RunPaths(Path(os.environ[ENV_RUN_DIR]))


class Asking(transformers.TrainerCallback):
    def on_step_begin(self, args, state, control, **_):
        step = state.global_step + 1
        if step == PLAN.get("die"):
            os.kill(os.getpid(), signal.SIGKILL)
        if state.is_world_process_zero:
            for values in PLAN.get("ask", {}).get(str(step), ()):
                requests.send(RUN, "modify", values)
            if step == PLAN.get("pause"):
                requests.send(RUN, "pause")

    def on_step_end(self, args, state, control, optimizer=None, **_):
        rates = (str(group["lr"]) for group in optimizer.param_groups)
        os.write(1, f"rates {state.global_step} {' '.join(rates)}\n".encode())  # two of them write at once


def own_loop(trainer, *words, **options):
    return usual_loop(trainer, *words, **options)


usual_loop = transformers.Trainer._inner_training_loop
transformers.set_seed(7)  # before the script makes its model
ranks.LOOK_EVERY = 0.0  # after every step
make_durable = bridge.make_durable
bridge.make_durable = lambda folder: "torn" if folder.name == f"checkpoint-{PLAN.get('torn')}" else make_durable(folder)
transformers.trainer.DEFAULT_CALLBACKS.append(Asking)
if "stop_early" in PLAN:
    stopper = transformers.EarlyStoppingCallback(PLAN["stop_early"], 1e9)  # nothing improves by so much
    transformers.trainer.DEFAULT_CALLBACKS.append(stopper)
if PLAN.get("own_loop"):
    transformers.Trainer._inner_training_loop = own_loop
sys.argv[0] = str(Path(__file__).with_name("transformers_script.py"))
runpy.run_path(sys.argv[0], run_name="__main__")
if torch.distributed.is_initialized():
    torch.distributed.destroy_process_group()  # gloo's threads may else abort the interpreter's end (pytorch#179291)

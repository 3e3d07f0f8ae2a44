"""``llamafactory-cli train CONFIG.yaml [key=value …]``: what LLaMA-Factory 0.9 does with it, on a model made up here.

Config, overrides, transformers' Trainer, checkpoints and ``trainer_log.jsonl`` are as there; the keys that choose a
model and its data are read and not used.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import torch
import yaml
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainerCallback, TrainingArguments

THEIRS = {
    "stage",
    "model_name_or_path",
    "do_train",
    "finetuning_type",
    "lora_rank",
    "dataset",
    "template",
    "cutoff_len",
}


class Words(torch.utils.data.Dataset):
    def __init__(self, count):
        self.words = torch.randint(0, 50, (count, 8), generator=torch.Generator().manual_seed(count))

    def __len__(self):
        return len(self.words)

    def __getitem__(self, index):
        time.sleep(0.001)
        return {"input_ids": self.words[index], "labels": self.words[index]}


class LogCallback(TrainerCallback):
    """Fields and order of ``llamafactory.train.callbacks.LogCallback``."""

    def on_train_begin(self, args, state, control, **kwargs):
        self.began, self.pool = time.time(), ThreadPoolExecutor(max_workers=1)

    def on_log(self, args, state, control, **kwargs):
        last, done = state.log_history[-1], state.global_step
        spent = time.time() - self.began
        left = (state.max_steps - done) * spent / done if done else 0
        logs = {
            "current_steps": done, "total_steps": state.max_steps, "loss": last.get("loss"),
            "eval_loss": last.get("eval_loss"), "lr": last.get("learning_rate"), "epoch": last.get("epoch"),
            "percentage": round(done / state.max_steps * 100, 2), "elapsed_time": str(timedelta(seconds=int(spent))),
            "remaining_time": str(timedelta(seconds=int(left))),
        }  # fmt: skip
        self.pool.submit(self.write, args.output_dir, {k: v for k, v in logs.items() if v is not None})

    def write(self, folder, logs):
        with open(Path(folder) / "trainer_log.jsonl", "a") as file:
            file.write(json.dumps(logs) + "\n")


def main():
    assert sys.argv[1] == "train"
    settings = yaml.safe_load(Path(sys.argv[2]).read_text())
    settings |= {key: yaml.safe_load(value) for key, _, value in (word.partition("=") for word in sys.argv[3:])}
    checkpoint = settings.pop("resume_from_checkpoint", None)
    arguments = TrainingArguments(
        **{key: value for key, value in settings.items() if key not in THEIRS},
        resume_from_checkpoint=checkpoint, report_to="none", disable_tqdm=True,
    )  # fmt: skip
    config = GPT2Config(vocab_size=50, n_positions=8, n_embd=16, n_layer=1, n_head=2, bos_token_id=0, eos_token_id=0)
    model = GPT2LMHeadModel(config)
    Trainer(model=model, args=arguments, train_dataset=Words(400), callbacks=[LogCallback()]).train(
        resume_from_checkpoint=checkpoint
    )


if __name__ == "__main__":
    main()

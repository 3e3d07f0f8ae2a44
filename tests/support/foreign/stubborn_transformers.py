"""The same with transformers' Trainer: ``python stubborn_transformers.py [--raise-at STEP]``."""

import argparse
import atexit
import os
from pathlib import Path

import torch
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainerCallback, TrainingArguments


class Words(torch.utils.data.Dataset):
    def __init__(self, count, raise_at=-1):
        self.words, self.raise_at, self.given = torch.randint(0, 50, (count, 8)), raise_at, 0

    def __len__(self):
        return len(self.words)

    def __getitem__(self, index):
        self.given += 1
        if self.given == self.raise_at:
            raise ValueError("the data are cursed")
        return {"input_ids": self.words[index], "labels": self.words[index]}


class Saver(TrainerCallback):
    trainer = None

    def on_step_end(self, args, state, control, **_):
        control.should_save = control.should_evaluate = True
        self.trainer.save_model("callback")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--raise-at", type=int, default=-1)
    config = GPT2Config(vocab_size=50, n_positions=8, n_embd=16, n_layer=1, n_head=2, bos_token_id=0, eos_token_id=0)
    arguments = TrainingArguments(
        "some/out", max_steps=90, eval_strategy="steps", eval_steps=30, eval_on_start=True, save_steps=40,
        save_total_limit=3, report_to=["tensorboard"], use_cpu=True, per_device_train_batch_size=1, disable_tqdm=True,
        ddp_backend="gloo" if "RANK" in os.environ else None,
    )  # fmt: skip
    saver = Saver()
    trainer = Trainer(
        model=GPT2LMHeadModel(config), args=arguments, callbacks=[saver],
        train_dataset=Words(400, parser.parse_args().raise_at), eval_dataset=Words(16),
        compute_metrics=lambda predicted: {},
    )  # fmt: skip
    saver.trainer = trainer
    Path("before.json").write_text("{}")
    atexit.register(Path("atexit").touch)
    try:
        trainer.train()
    except BaseException:
        Path("caught").touch()
        raise
    finally:
        trainer.save_model("after")
    Path("uploaded").touch()


if __name__ == "__main__":
    main()

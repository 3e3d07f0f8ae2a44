"""The shipped trainers in small: their own command line, on a config that differs in sizes, watched by a callback."""

import yaml
from lightning.pytorch import Callback
from support.fits import digest
from support.tiny import Deadly, die

from trainers import configs_folder
from trainers.cli import main

_SMALL = {
    "gpt-stdlib": {
        "model": {"context": 32, "layers": 2, "heads": 2, "width": 32, "dropout": 0.1, "warmup_steps": 5},
        "data": {"context": 32, "batch_size": 4, "samples_per_epoch": 48, "val_windows": 8},
        "trainer": {"max_epochs": 3, "val_check_interval": 6},
    },
    "digits": {"model": {"channels": 4}, "data": {}, "trainer": {"max_epochs": 3}},
    "tabular": {"model": {}, "data": {}, "trainer": {"max_epochs": 12}},
    "finetune-lora": {
        "model": {"lora_rank": 2, "lora_dropout": 0.1, "warmup_steps": 2},
        "data": {"context": 48, "batch_size": 4, "val": 0.2},
        "trainer": {"max_epochs": 3},
    },
}


class Watch(Callback):
    """Prints every loss as hex and the weights at the end; dies where it is told to."""

    def __init__(
        self, die_at: int | None = None, die_in_validation: int | None = None, die_in_save: int | None = None
    ) -> None:
        self.die_at, self.die_in_validation, self.die_in_save = die_at, die_in_validation, die_in_save
        self.last = 0

    def on_train_start(self, trainer, module):
        self.last = trainer.global_step

    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
        if trainer.global_step != self.last:
            self.last = trainer.global_step
            print(self.last, float(outputs["loss"]).hex(), flush=True)
            if self.die_at == self.last:
                die()

    def on_validation_batch_end(self, trainer, *_):
        if not trainer.sanity_checking and trainer.global_step >= (self.die_in_validation or 1 << 30):
            die()

    def on_save_checkpoint(self, trainer, module, checkpoint):
        if self.die_in_save == trainer.global_step:
            checkpoint["deadly"] = Deadly()

    def on_train_end(self, trainer, module):
        print("hash", digest(module.state_dict()), flush=True)


def write_config(name, path, raw, death, *, workers=0, accumulate=1, save_every=5, **model):
    """The shipped config of that name, in small, with a :class:`Watch` in it.

    ``raw`` is the folder of source files for gpt-stdlib, and for finetune-lora one with ``base`` and ``rows.jsonl``.
    """
    tree = yaml.safe_load((configs_folder() / f"{name}.yaml").read_text())
    small = _SMALL[name]
    tree["test_after_fit"] = False
    tree["model"]["init_args"] |= small["model"] | model
    tree["data"]["init_args"] |= small["data"]
    tree["trainer"] |= small["trainer"] | {"accelerator": "cpu", "accumulate_grad_batches": accumulate}
    if name == "gpt-stdlib":
        tree["data"]["init_args"] |= {"root": str(raw), "workers": workers}
    if name == "finetune-lora":
        tree["model"]["init_args"]["base"] = tree["data"]["init_args"]["tokenizer"] = str(raw / "base")
        tree["data"]["init_args"]["file"] = str(raw / "rows.jsonl")
    for callback in tree["trainer"]["callbacks"]:
        if "every_n_train_steps" in callback["init_args"]:
            callback["init_args"] |= {"every_n_train_steps": save_every, "save_top_k": -1, "filename": "{step}"}
    tree["trainer"]["callbacks"].append({"class_path": "support.shipped.Watch", "init_args": death})
    path.write_text(yaml.safe_dump(tree))


def train(config, checkpoint, folder):
    """``python -m trainers fit --config config [--ckpt_path checkpoint]`` in a folder."""
    import os

    os.chdir(folder)
    main(["fit", "--config", str(config), *(["--ckpt_path", str(checkpoint)] if checkpoint else [])])

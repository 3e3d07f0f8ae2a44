"""The data are clean, and the baseline trains."""

import numpy as np
from lightning.pytorch.cli import LightningCLI
from src.data import SHARES, Table


def test_bad_rows_are_left_out_and_the_splits_share_none(tmp_path):
    raw = tmp_path / "raw.csv"
    rows = [f"{i}.5,{i % 7},{i % 2}" for i in range(200)]
    raw.write_text("\n".join(["x,y,label", *rows, rows[0], "nan,1,0", "oops,1,1"]))
    data = Table(str(raw), str(tmp_path))
    data.prepare_data()
    data.setup()
    seen = [tuple(row) for name in SHARES for row in np.asarray(data.sets[name].tensors[0]).tolist()]
    assert len(seen) == len(set(seen)) == len(rows)
    made = list(tmp_path.glob("*.npz"))
    data.prepare_data()
    assert list(tmp_path.glob("*.npz")) == made


def test_the_baseline_trains_a_few_steps(tmp_path):
    arguments = ["--config", "configs/baseline.yaml", "--trainer.fast_dev_run=3", "--trainer.accelerator=cpu"]
    cli = LightningCLI(args=[*arguments, f"--data.init_args.processed={tmp_path}"], run=False)
    cli.trainer.fit(cli.model, cli.datamodule)
    assert cli.trainer.global_step == 3
    assert np.isfinite(float(cli.trainer.callback_metrics["val/loss"]))

"""A table as a matrix: medians for what is missing, one column per category, mean 0 and deviation 1.

Everything is learnt from the training rows alone, so that validation and test tell the truth.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cockpit.recorder.stages import stages


@dataclass(frozen=True, slots=True)
class Number:
    """A numeric column: (value, or the median where there is none, − mean) / deviation."""

    name: str
    median: float
    mean: float
    deviation: float

    def encode(self, column: pd.Series[Any]) -> np.ndarray:
        """[rows] to float32 [rows, 1]."""
        values = column.fillna(self.median).to_numpy(float)
        scaled: np.ndarray = ((values - self.mean) / self.deviation)[:, None].astype(np.float32)
        return scaled


@dataclass(frozen=True, slots=True)
class Category:
    """A column of names: one column each; none of them where the name is missing or was not in the training rows."""

    name: str
    names: tuple[str, ...]

    def encode(self, column: pd.Series[Any]) -> np.ndarray:
        """[rows] to float32 [rows, names]."""
        words = column.astype("string").fillna("").to_numpy(str)
        told: np.ndarray = (words[:, None] == np.array(self.names, dtype=str)[None, :]).astype(np.float32)
        return told


Column = Number | Category


def write_example(path: Path) -> None:
    """scikit-learn's copy of the diabetes study (Efron et al., 2004): 442 patients, ten figures, one year on."""
    from sklearn.datasets import load_diabetes

    frame = load_diabetes(as_frame=True, scaled=False).frame
    frame["sex"] = frame["sex"].map({1.0: "a", 2.0: "b"})  # the source does not say which is which
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(path, index=False)


def read_table(path: Path, target: str) -> pd.DataFrame:
    """Step 1: the rows of a CSV that have a target, each once; what is wrong with the others is counted.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no CSV with this target, or has no row left.
    """
    frame = pd.read_csv(path)
    if target not in frame.columns:
        raise ValueError(f"{path} has no column {target}; there is: {', '.join(map(str, frame.columns))}")
    rows, cells = len(frame), int(frame.drop(columns=target).isna().sum().sum())
    frame = frame.replace([np.inf, -np.inf], np.nan).dropna(subset=[target])
    without = rows - len(frame)
    frame = frame.drop_duplicates(ignore_index=True)
    copies = rows - without - len(frame)
    if frame.empty:
        raise ValueError(f"{path} has no row with a {target}")
    detail = f"{rows:,} rows, {cells} cells missing, {without} without {target}, {copies} duplicate"
    stages().report("data", "validate raw data", "done", detail=detail)
    return frame


def row_digests(frame: pd.DataFrame) -> dict[str, str]:
    """SHA-256 of every row, by its number: what a split goes by."""
    lines = frame.to_csv(index=False, header=False, lineterminator="\n").splitlines()
    return {str(number): hashlib.sha256(line.encode()).hexdigest() for number, line in enumerate(lines)}


def learn_columns(rows: pd.DataFrame, categorical: Sequence[str]) -> list[Column]:
    """What training rows say of each column; text is categorical without being named.

    Raises:
        ValueError: a column that is to be categorical does not exist.
    """
    if unknown := set(categorical) - set(rows.columns):
        raise ValueError(f"there is no column {', '.join(sorted(unknown))}")
    columns: list[Column] = []
    for name in rows.columns:
        column = rows[name]
        if name in categorical or not pd.api.types.is_numeric_dtype(column):
            columns.append(Category(name, tuple(sorted(column.dropna().astype(str).unique()))))
            continue
        median = column.median()
        filled = column.fillna(0.0 if np.isnan(median) else median)
        columns.append(Number(name, float(filled.median()), float(filled.mean()), _deviation(filled)))
    return columns


def _deviation(column: pd.Series[Any]) -> float:
    """1 for a constant, which says nothing and must not divide by 0."""
    return float(column.std(ddof=0)) or 1.0


def encode(rows: pd.DataFrame, columns: Sequence[Column]) -> np.ndarray:
    """Step 2: float32 [rows, inputs]."""
    return np.concatenate([column.encode(rows[column.name]) for column in columns], axis=1)

"""Checkpoint folders of transformers: whole, torn, and read again only when they change."""

import json
import os
import struct
import zipfile

import pytest

from cockpit.runs.checkpoint_folder import bytes_of, inspect_folder, is_checkpoint_folder, mark


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "checkpoint-20"
    made.mkdir()
    (made / "trainer_state.json").write_text(json.dumps({"global_step": 20, "epoch": 1.4}))
    header = json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    (made / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + b"12345678")
    for name in ("optimizer.pt", "rng_state.pth"):
        with zipfile.ZipFile(made / name, "w") as archive:
            archive.writestr("data.pkl", b"x" * 100)
    return made


def test_a_whole_one(folder):
    assert is_checkpoint_folder(folder)
    assert inspect_folder(folder) == {"problem": "", "step": 20, "epoch": 1, "random_state": True}


def damage_tensors(folder):
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1])


def damage_archive(folder):
    file = folder / "optimizer.pt"
    data = bytearray(file.read_bytes())
    data[data.index(b"xxxx")] = ord("y")
    file.write_bytes(data)


def lose_weights(folder):
    (folder / "model.safetensors").unlink()


def lose_state(folder):
    (folder / "trainer_state.json").write_text("{")


def never_end(folder):
    (folder / "trainer_state.json").write_text('{"global_step": 20, "epoch": Infinity}')


def nest_without_end(folder):
    (folder / "trainer_state.json").write_text("[" * 100_000)


def nest_a_header_without_end(folder):
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", 100_000) + b"[" * 100_000)


def claim_a_huge_header(folder):
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", 1 << 60))


@pytest.mark.parametrize(
    ("harm", "word"),
    [
        (damage_tensors, "torn: model.safetensors has"),
        (damage_archive, "optimizer.pt: damaged"),
        (lose_weights, "no weights"),
        (lose_state, "torn: trainer_state.json"),
        (never_end, "torn: trainer_state.json"),
        (nest_without_end, "torn: trainer_state.json"),
        (nest_a_header_without_end, "torn: model.safetensors"),
        (claim_a_huge_header, "a header of"),
    ],
)
def test_every_harm_is_named_and_changes_the_mark(folder, harm, word):
    before = mark(folder)
    harm(folder)
    assert word in inspect_folder(folder)["problem"]
    assert harm is damage_archive or mark(folder) != before


def test_what_is_removed_while_it_is_looked_at_has_no_bytes(folder, monkeypatch):
    real = os.walk

    def walk(top):
        for found in real(top):
            (folder / "optimizer.pt").unlink(missing_ok=True)
            yield found

    whole = bytes_of(folder)
    gone = (folder / "optimizer.pt").stat().st_size
    monkeypatch.setattr(os, "walk", walk)
    assert bytes_of(folder) == whole - gone

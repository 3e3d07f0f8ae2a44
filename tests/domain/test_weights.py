"""What is said of the layers of a measured step."""

from dataclasses import replace

import pytest
from support.layers import LAYERS, WEIGHED

from cockpit.domain.weights import BAD, HIGH, LISTED, LOW, NOT_JUDGED, USUAL_SPEED, Layer, listed, short_name, table


def layer(ratio, *, matrix=True, name="a", **changes):
    return replace(Layer(name, 4, matrix, ratio, 1.0, 1.0), **changes)


@pytest.mark.parametrize(
    ("what", "verdict"),
    [
        (layer(1e-3), USUAL_SPEED),
        (layer(9.9e-3), USUAL_SPEED),
        (layer(1.1e-2), HIGH),
        (layer(1.1e-4), USUAL_SPEED),
        (layer(9e-5), LOW),
        (layer(0.0), LOW),
        (layer(None), NOT_JUDGED),
        (layer(0.5, matrix=False), NOT_JUDGED),
        (layer(float("nan")), BAD),
        (layer(float("inf"), matrix=False), BAD),
        (layer(1e-3, bad_weights=1), BAD),
    ],
)
def test_a_factor_of_ten_from_what_is_usual_is_marked_on_matrices_alone(what, verdict):
    assert what.verdict == verdict


def test_the_order_is_that_of_a_table():
    mixed = (LAYERS[4], LAYERS[8], LAYERS[0], LAYERS[7], LAYERS[1], LAYERS[6], LAYERS[3], LAYERS[2], LAYERS[5])
    assert listed(mixed) == LAYERS


def test_of_many_layers_both_ends_are_kept():
    many = [layer(i / 1e6, name=str(i)) for i in range(1000)]
    many += [layer(i / 1e6, name=f"bias {i}", matrix=False) for i in range(1000)]
    many += [layer(float("nan"), name=f"nan {i}") for i in range(1000)]
    kept = listed(many)
    assert len(kept) == 4 * LISTED
    assert [each.name for each in kept][LISTED : LISTED + 1] == ["999"]
    assert [each.name for each in kept][3 * LISTED - 1 : 3 * LISTED + 1] == ["0", "bias 999"]


def test_one_sentence_names_both_ends_and_how_many_are_out():
    assert WEIGHED.told == (
        "step 1,240 moved the weights by 1.3e-03 of their norm (0.001 is usual); most head.weight 2.3e-02, "
        "least pooler.weight 0; 1 not finite, 1 too high, 2 too low"
    )
    calm = replace(WEIGHED, layers=LAYERS[2:5], high=0, low=0, bad=0)
    assert calm.told.endswith("none too high or too low")


def test_what_it_cost_is_said():
    lines = " ".join(WEIGHED.lines)
    assert "it took 12 ms and a copy of 18.0 MiB" in lines
    assert "skipped 2 steps" in lines
    assert "group 1: learning rate 3.00e-04, 17 tensors, 8.0e-02" in lines
    assert "ratios are told from 12.5% of the elements" in " ".join(replace(WEIGHED, sampled=0.125).lines)


def test_a_table_in_print_has_a_word_for_what_is_out():
    lines = table(WEIGHED)
    assert lines[0].split() == ["ratio", "weights", "gradient", "elements", "layer"]
    words = {each.name: line.partition(each.name)[2].strip() for each, line in zip(LAYERS, lines[1:], strict=False)}
    assert words["head.weight"] == "too high"
    assert words["embedding.weight"] == "too low"
    assert words["pooler.weight"] == "no gradient"
    assert words["position.weight"] == words["blocks.0.norm.bias"] == ""
    assert words["blocks.3.mlp.2.weight"] == "not finite: 412 gradients"
    assert lines[-1] == "30 more are not listed"
    assert all("\x1b" not in line for line in table(replace(WEIGHED, layers=(layer(1e-3, name="\x1b]0;x\x07"),))))


def test_what_wrappers_put_before_a_name_is_left_out():
    assert short_name("module._orig_mod.net.0.weight") == "net.0.weight"
    assert len(short_name("a" * 1000)) == 120

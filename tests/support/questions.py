"""What the screens over the dashboard are asked to show: facts of a real length."""

from dataclasses import replace

from cockpit.domain.guard import Consent, Fact, Question
from cockpit.domain.policy import Action
from cockpit.errors import RunNotFound
from cockpit.tui.screens.choose import Choice

QUESTION = Question(
    action=Action.START,
    subject="gpt-stdlib",
    title="Start gpt-stdlib?",
    will="A training run starts on this machine. It goes on when you leave.",
    facts=(
        Fact("config", "gpt-stdlib.yaml (shipped with cockpit)"),
        Fact("model", "trainers.gpt.GPT"),
        Fact("device", "GPU 0 NVIDIA H100 80GB HBM3, shared with alice's python, bob's pretraining-of-vision", "warn"),
        Fact("length", "4,000 steps, at most 10 epochs"),
        Fact("takes", "about 12m41s, as 61bc did"),
        Fact("seed", "42"),
        Fact("disk", "41.2 GiB free; checkpoints take 60.0 GiB", "bad"),
        Fact("tracker", "TensorBoard, in the run's folder"),
        Fact("runs in", "/home/somebody/projects/deeply/nested/place/with/many/folders/language-model/runs"),
        Fact("set", "trainer.max_steps=20", "warn"),
    ),
    cannot_undo="Time and energy are spent; the run can be stopped at any step, with a checkpoint.",
    yes="Start",
    command="/home/somebody/language-model/.venv/bin/python -m trainers fit --config "
    "/home/somebody/language-model/runs/2026-11-22T1830-gpt-stdlib-7f3a/config.yaml",
)
UNMEASURED = replace(
    QUESTION,
    facts=(
        *QUESTION.facts[:4],
        Fact("takes", "not measured (cockpit estimate gpt-stdlib)", "warn"),
        Fact("disk", "41.2 GiB free; checkpoint size not known yet"),
        Fact("seed", "42"),
        QUESTION.facts[8],
    ),
    cannot_undo="Time and energy are spent; a stop at any step keeps a checkpoint.",
    consent=Consent.TYPED,
    measurable=True,
)
MEASURED = replace(
    UNMEASURED,
    facts=(
        *QUESTION.facts[:4],
        Fact("takes", "about 3h10m (2h50m to 3h40m)"),
        Fact("costs", "12.67 GPU-hours, 31.67 USD, 25.33 kWh at 2000 W"),
        Fact("memory", "it fits, barely: 75.1/79.6 GiB of the GPU, 41.0 GiB of host memory", "warn"),
        Fact("measured", "24 Nov 12:03: 20 steps of 310 ms on cuda:0 NVIDIA H100 80GB HBM3"),
        Fact("disk", "41.2 GiB free; checkpoints take 12.0 GiB at most"),
        *UNMEASURED.facts[6:],
    ),
    measurable=False,
)
TYPED = replace(
    QUESTION,
    subject="7f3a",
    title="Delete 3 checkpoints of 7f3a?",
    will="Three checkpoints go.",
    facts=QUESTION.facts[:3],
    command="",
    cannot_undo="They cannot be brought back.",
    consent=Consent.TYPED,
    yes="Delete",
)
MODIFY = Question(
    action=Action.MODIFY,
    subject="7f3a",
    title="Change lr, max_epochs of gpt-stdlib 7f3a?",
    will="A checkpoint is saved at the next step; then the trainer goes on with the new values.",
    facts=(
        Fact("lr", "0.00066 → 0.00022", "warn", moving=True),
        Fact("max_epochs", "10 → 30"),
        Fact("schedule", "LambdaLR goes on in its shape, all its rates in proportion"),
        Fact("schedule", "LambdaLR keeps the horizon it was made with; it does not stretch", "warn"),
        Fact("ends", "at step 12,000 instead of 4,000"),
        Fact("ETA", "27m → 1h50m", moving=True),
        Fact("now at", "step 1,240", moving=True),
        Fact("reproducible", "not from its config alone any more; the change is recorded at its step", "warn"),
        Fact("a resume", "from a later checkpoint keeps the change, from an earlier one does not have it"),
    ),
    cannot_undo="Steps trained with the new values stay so; the checkpoint that is saved first leads back to before "
    "them, for as long as its trainer keeps it.",
    yes="Change it",
    consent=Consent.TYPED,
    command="cockpit modify 2026-11-22T1830-gpt-stdlib-7f3a lr=x0.3333 max_epochs=30",
)
PRESENT = {
    "lr": 6.6e-4, "max_steps": None, "max_epochs": 10, "gradient_clip_val": 1.0, "patience": 5, "log_every_n_steps": 10,
}  # fmt: skip
NOTES = ("step 620: lr 0.0013 → 0.00066 (ada)", "step 900: the plateau is the data's, see issue 12 (bob)")
RUNGS = (
    Choice("stop", "stop at the next step", "saves a checkpoint first; at most one step is lost"),
    Choice("terminate", "terminate", "SIGTERM; it saves a checkpoint if it reaches a step, else work is lost"),
    Choice("kill", "kill", "SIGKILL, at once; work since 14:02, 310 steps, is lost", why_not="the run is launching"),
)
MARKDOWN = """\
## ML SESSION HANDOFF

### Experiment State
- **Experiment ID**: `2026-11-22T1830-gpt-stdlib-7f3a`
- **Epoch**: 3/10 (step 1,240/4,000)

### Recovery Commands
With cockpit, in the same run:
```bash
cd '/home/some body/lm'
cockpit resume 2026-11-22T1830-gpt-stdlib-7f3a --yes
```
"""
ERROR = RunNotFound("There is no run 7f3b", "No such run", "There is: 7f3a, 61bc")
PERSON = {"user": "ada", "host": "gpubox", "ssh": "10.0.0.7 port 4022"}


def entry(number, action, subject, **said):
    """A line of an audit as it is read."""
    return {
        "id": str(number), "sequence": number, "time": 1_790_000_000.0 + number, "who": PERSON, "via": "tui",
        "action": action, "subject": subject, "title": f"{action} {subject}?", "facts": [["size", "3 MB"]], **said,
    }  # fmt: skip


ENTRIES = (
    entry(1, "start", "gpt-stdlib", answer="yes", how="key"),
    entry(1, "start", "gpt-stdlib", outcome="done"),
    entry(2, "delete", "7f3a", answer="no", how="key"),
    entry(3, "share", "ada/small-gpt", answer="refused", how="typed"),
    entry(4, "share", "ada/small-gpt", answer="unanswered"),
    entry(5, "purge", "lm", answer="yes", how="typed"),
    entry(5, "purge", "lm", outcome="void", detail="The facts changed between question and deed"),
)

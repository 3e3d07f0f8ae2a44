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

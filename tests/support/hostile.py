"""Text that names, logs and configs may hold, and that must neither crash a screen nor reach a terminal raw."""

HOSTILE = (
    "[/]", "[@click=app.quit]x[/]", "[bold", "\x1b[2J\x1b]52;c;eA==\x07", "\x9b31m", "a\rb\nc\x00d", "\u202egnp.exe",
    "\u200b\u2066x\u2069", "\ud800", "é̂̃", "漢字" * 60, "x" * 5000, "", " ", "```\n# x\n- **a**: `b`",
)  # fmt: skip

"""The smallest Textual application that answers a key: what the framework alone costs."""

from textual.app import App, ComposeResult
from textual.widgets import Static


class Bare(App[None]):
    """Counts key presses."""

    pressed = 0

    def compose(self) -> ComposeResult:
        """One line of text."""
        yield Static("pressed 0")

    def on_key(self) -> None:
        """One more."""
        self.pressed += 1
        self.query_one(Static).update(f"pressed {self.pressed}")


if __name__ == "__main__":
    Bare().run()

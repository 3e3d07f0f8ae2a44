"""An app that shows one screen over a dashboard of one line."""

from contextlib import asynccontextmanager

from textual.app import App

from cockpit.tui.cells import CellPanel

WIDE, SMALL, TINY = (140, 40), (80, 24), (40, 10)
SIZES = (WIDE, SMALL, TINY, (20, 5), (5, 3), (3, 2), (1, 1))
OPEN = object()  # no answer was given yet


class Behind(CellPanel):
    def rows(self, width, height):
        return [[("the dashboard", "text")]]


class Host(App[None]):
    """Stands in for the cockpit; notes what the screen answered and every key that leaked through."""

    BINDINGS = tuple((key, f"leak('{key}')", "") for key in "abcnpqrsxy")
    animation_level = "none"

    def __init__(self, screen):
        super().__init__()
        self.modal, self.answer, self.leaked = screen, OPEN, []

    def compose(self):
        yield Behind("behind")

    def on_mount(self):
        self.push_screen(self.modal, self._answered)

    def _answered(self, answer):
        self.answer = answer

    def action_leak(self, key):
        self.leaked.append(key)

    def shown(self):
        """The box as lines of text."""
        return [self.modal.box.render_line(y).text for y in range(self.modal.box.size.height)]

    def place(self, words):
        """The screen cell where words are shown."""
        box = self.modal.box.region
        return next((box.x + line.index(words), box.y + y) for y, line in enumerate(self.shown()) if words in line)


@asynccontextmanager
async def opened(screen, size=SMALL, *keys):
    host = Host(screen)
    async with host.run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
        yield host, pilot

"""The steps of a training on one line, though its counter goes back: redone, or begun again with each epoch."""

from cockpit.domain.timeline.points import Points, Rewind
from cockpit.domain.timeline.redone import Laid, forgotten
from cockpit.domain.timeline.timeline import Timeline

__all__ = ["Laid", "Points", "Rewind", "Timeline", "forgotten"]

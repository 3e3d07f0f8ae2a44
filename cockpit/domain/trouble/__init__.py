"""What is wrong with a run; the rules that find it are in ``rules``."""

from cockpit.domain.trouble.trouble import BEGINS, Trouble

__all__ = ["BEGINS", "Trouble"]

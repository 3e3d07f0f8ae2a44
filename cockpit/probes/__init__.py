"""Looks at the machine; each probe returns facts and never raises into a panel."""

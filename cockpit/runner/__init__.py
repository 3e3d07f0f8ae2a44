"""The detached half: one process per run that launches, samples, reaps and records."""

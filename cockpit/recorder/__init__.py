"""The trainer's side of cockpit: the only place that imports torch and lightning."""

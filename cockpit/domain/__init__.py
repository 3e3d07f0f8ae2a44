"""Pure rules and figures: no file, clock, process or terminal."""

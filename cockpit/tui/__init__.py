"""The screen: renders run states, never touches a run."""

"""One widget per panel of the dashboard; each renders the state it is given."""

"""The data and the model of this project."""

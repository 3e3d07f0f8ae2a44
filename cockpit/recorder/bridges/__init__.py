"""The recorder in training loops that are not Lightning's."""

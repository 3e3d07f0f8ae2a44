"""What other tools write while they train, read without those tools: one small file per format."""

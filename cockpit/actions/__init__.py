"""What a person can do, one function per verb; a key and its headless twin call the same one."""

"""Data from outside: what a server says of it, its way onto the disk, and what is there already."""

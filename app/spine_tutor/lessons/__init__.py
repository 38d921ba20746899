"""Lessons: their shape, how they are read, and whether what they say is true."""

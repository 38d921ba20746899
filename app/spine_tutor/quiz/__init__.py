"""The quiz: how answers are judged and kept."""

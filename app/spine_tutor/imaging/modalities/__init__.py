"""The modalities, each told in one module: what the tutor offers, says and judges of it."""

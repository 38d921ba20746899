"""Image formation: four modalities from one labelled subject."""

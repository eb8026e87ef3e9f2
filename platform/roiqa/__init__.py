"""ROIQA: subjective quality studies on regions of interest, from the first click to released labels."""

__version__ = "0.1.0"

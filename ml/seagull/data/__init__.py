"""Labelled images and their ROIs: what they are, and the files they are read from."""

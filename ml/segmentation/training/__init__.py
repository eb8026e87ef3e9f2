"""Training of the small SAM that ships: photographs, canvases, prompts, losses, checkpoints. `ml.segmentation.train` drives it."""

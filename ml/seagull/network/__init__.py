"""The network of the paper's section 4: encoder, mask-based feature extractor, projector and language model."""

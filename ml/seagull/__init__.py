"""The SEAGULL network (arXiv 2411.10161): instruction data, training, scoring, evaluation. Knows nothing of Django."""

"""The SEAGULL-100w pipeline (paper section 3.1): references, distortions, masks, labels, shards. Knows nothing of Django."""

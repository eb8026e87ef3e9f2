"""Machine learning beside the platform. Knows nothing of Django but for `ml.worker`."""

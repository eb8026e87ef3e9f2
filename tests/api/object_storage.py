"""Storage without files, as S3 is to the platform."""

from django.core.files.storage import InMemoryStorage


class ObjectStorage(InMemoryStorage):
    def path(self, name: str) -> str:
        raise NotImplementedError("objects have no path")

    def _relative_path(self, name: str) -> str:
        return name

"""Print the versions of everything that ROIQA's packages need, as installed here: `make constraints` after an upgrade."""

from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def installed_closure(root: str, extras: set[str]) -> dict[str, str]:
    """Name and version of every installed package that `root` with `extras` leads to, `root` itself left out."""
    versions: dict[str, str] = {}
    waiting = [(root, frozenset(extras))]
    seen = set()
    while waiting:
        name, wanted = waiting.pop()
        if (name, wanted) in seen:
            continue
        seen.add((name, wanted))
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue  # for another system or Python
        versions[canonicalize_name(name)] = package.version
        for line in package.requires or []:
            requirement = Requirement(line)
            if requirement.marker is None or any(requirement.marker.evaluate({"extra": e}) for e in {"", *wanted}):
                waiting.append((requirement.name, frozenset(requirement.extras)))
    del versions[canonicalize_name(root)]
    return versions


if __name__ == "__main__":
    print("# The versions that the tests ran with. Made by `make constraints`.")
    for name, version in sorted(installed_closure("roiqa", {"dev", "ml", "s3"}).items()):
        print(f"{name}=={version.partition('+')[0]}")

"""One world for a whole module: its tests try their requests inside `rolled_back` and keep nothing."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import override_settings

from tests.conftest import TEST_WEIGHTS
from tests.contract.world import World, make_world


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker) -> Iterator[World]:
    """Committed, because a release is frozen on a connection of its own; emptied again after the module."""
    # Requests through WSGI would close the connection that a test's transaction lives on.
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    with django_db_blocker.unblock(), override_settings(SEGMENTATION_FOLDERS=[TEST_WEIGHTS]):
        yield make_world()
        call_command("flush", interactive=False, verbosity=0)
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)

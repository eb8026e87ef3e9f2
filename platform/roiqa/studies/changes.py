"""What rooms above may listen to, since a room never imports one above it."""

from django.dispatch import Signal

# Sent in the transaction that adds ROIs to a study or changes the mask of one; argument: `study`.
regions_changed = Signal()

"""Masks from prompts: one interface, several backends."""

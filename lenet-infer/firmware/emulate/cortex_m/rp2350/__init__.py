"""The RP2350, by its data sheet and the maker's description of its registers, as either kind of its cores sees it."""

from .system import RP2350, RP2350_HAZARD3

__all__ = ["RP2350", "RP2350_HAZARD3"]

"""The RP2350, by its data sheet, as one of its Cortex-M33 sees it."""

from .system import RP2350

__all__ = ["RP2350"]

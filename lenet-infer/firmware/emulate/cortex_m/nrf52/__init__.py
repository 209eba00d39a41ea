"""Chips of the family nRF52, by Nordic's product specifications of the nRF52840 and the nRF52833."""

from .system import NRF52833, NRF52840

__all__ = ["NRF52833", "NRF52840"]

"""Chips of the family STM32F4, by ST's manuals RM0383 (STM32F411) and RM0090 (STM32F407) and their data sheets."""

from .system import F407, F411

__all__ = ["F407", "F411"]

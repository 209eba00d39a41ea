"""An image as it is flashed: what an ELF file has for a chip's memory, and the names in it."""

import bisect

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile


class Image:
    """The parts of an ELF file that a flash tool writes."""

    def __init__(self, path):
        with open(path, "rb") as file:
            try:
                elf = ELFFile(file)
            except ELFError as error:
                raise ValueError(f"{path}: expected an ELF file: {error}") from error
            #: Addresses in flash, and the bytes there.
            self.parts = [
                (segment["p_paddr"], bytearray(segment.data()))
                for segment in elf.iter_segments()
                if segment["p_type"] == "PT_LOAD" and segment["p_filesz"]
            ]
            table = elf.get_section_by_name(".symtab")
            symbols = [] if table is None else list(table.iter_symbols())
        self.symbols = {symbol.name: symbol["st_value"] for symbol in symbols if symbol.name}
        self.functions = sorted(
            (symbol["st_value"] & ~1, symbol.name) for symbol in symbols if symbol["st_info"]["type"] == "STT_FUNC"
        )

    def function_at(self, address):
        """Returns the name of the function that an address is in."""
        place = bisect.bisect_right(self.functions, (address, "\uffff")) - 1
        return self.functions[place][1] if place >= 0 else "no function"

    def replace(self, old, new):
        """Replaces bytes of the image, which must be in it once."""
        found = [(part, part.find(old)) for _, part in self.parts if old in part]
        if len(found) != 1 or found[0][0].count(old) != 1:
            raise ValueError(f"expected {len(old)} bytes to replace once in the image, found them {len(found)} times")
        part, place = found[0]
        part[place:place + len(old)] = new

"""Checks the module's Kconfig and the files that name it: kconfig.py MODULE. Prints the sample's regular expression."""

import os
import sys
from pathlib import Path

import kconfiglib
import yaml

module = Path(sys.argv[1])
build = yaml.safe_load((module / "zephyr/module.yml").read_text())["build"]
assert (module / build["kconfig"]).samefile(module / "Kconfig")
assert (module / build["cmake"] / "CMakeLists.txt").is_file()

os.environ["MODULE"] = str(module)
tree = kconfiglib.Kconfig(str(Path(__file__).with_name("Kconfig")), warn_to_stderr=False)


def configured(*lines):
    """Returns the values of the module's symbols for the sample's configuration and these symbols of Zephyr."""
    tree.load_config(str(module / "samples/golden_digits/prj.conf"))
    for line in lines:
        tree.syms[line].set_value("y")
    return {name: tree.syms[name].str_value for name in ("LENET", "LENET_MODEL")}


assert configured("CPU_CORTEX_M") == {"LENET": "y", "LENET_MODEL": "y"}
assert configured("RISCV") == {"LENET": "y", "LENET_MODEL": "y"}
assert configured("RISCV", "64BIT") == {"LENET": "n", "LENET_MODEL": "n"}
assert configured("CPU_CORTEX_M", "TRAP_UNALIGNED_ACCESS") == {"LENET": "n", "LENET_MODEL": "n"}
assert configured() == {"LENET": "n", "LENET_MODEL": "n"}

sample = yaml.safe_load((module / "samples/golden_digits/sample.yaml").read_text())
(expression,) = sample["common"]["harness_config"]["regex"]
print(expression)

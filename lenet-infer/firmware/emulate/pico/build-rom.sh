#!/usr/bin/env bash
# Assembles the ROM that the image finds in the emulated chip.
#   usage: build-rom.sh OUTPUT
set -euo pipefail
output=${1:?usage: build-rom.sh OUTPUT}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
arm-none-eabi-as -o "$scratch/rom.o" "$(dirname "$0")/rom.S"
arm-none-eabi-ld -Ttext=0 -e 0 -o "$scratch/rom.elf" "$scratch/rom.o"
arm-none-eabi-objcopy -O binary -j .text "$scratch/rom.elf" "$output"

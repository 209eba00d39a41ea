// Arduino compiles this file only if none of the precompiled libraries beside it fits the board.

#error "LeNet has no library for the core of this board. It has them for Cortex-M0, M0+, M3, M4, M7, M23, M33, M55 and ESP32-C3, C6, H2. If the board has one of these, its Arduino core links no precompiled libraries: update it, and see README.md of LeNet."

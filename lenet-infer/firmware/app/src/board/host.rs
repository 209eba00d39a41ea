//! The memory of a program on a host: nothing is known, and no stack is free to paint.

use super::Memory;

/// The sizes of the sections, unknown.
pub(super) fn memory() -> Memory {
    Memory { flash: 0, variables: 0 }
}

/// The limit of the stack, equal to the pointer.
pub(super) fn stack_limit() -> usize {
    0
}

/// The stack pointer, equal to the limit.
pub(super) fn stack_pointer() -> usize {
    0
}

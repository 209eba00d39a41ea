//! The layout of a block's shared memory.

use crate::ptx::{Function, Module, Space, Variable};

/// Where shared memory's variables lie.
pub(super) struct Shared {
    /// Offset of each variable of the module, `None` for those in other memory.
    pub(super) module: Vec<Option<usize>>,
    /// Offset of each variable of the function.
    pub(super) function: Vec<Option<usize>>,
    /// Of all with a size, in bytes. Dynamic shared memory begins here.
    pub(super) size: usize,
}

impl Shared {
    pub(super) fn new(module: &Module, function: &Function) -> Self {
        let mut size = 0;
        let mut sized = |variable: &Variable| {
            (variable.space == Space::Shared && variable.size > 0).then(|| {
                let at = usize::next_multiple_of(size, variable.align);
                size = at + variable.size;
                at
            })
        };
        let mut of_module: Vec<_> = module.variables.iter().map(&mut sized).collect();
        let mut of_function: Vec<_> = function.variables.iter().map(&mut sized).collect();
        // Arrays without a size all lie behind the others, aligned for any type.
        let size = size.next_multiple_of(16);
        for (offset, variable) in of_module.iter_mut().zip(&module.variables) {
            if variable.space == Space::Shared {
                offset.get_or_insert(size);
            }
        }
        for (offset, variable) in of_function.iter_mut().zip(&function.variables) {
            if variable.space == Space::Shared {
                offset.get_or_insert(size);
            }
        }
        Shared { module: of_module, function: of_function, size }
    }
}

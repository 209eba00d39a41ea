//! A function as C: its head, its registers and variables, and how a thread that waited goes on.

use super::Translator;
use crate::ptx::{Space, Variable};
use std::fmt::Write;

/// The C that every kernel ends with: one of these.
const RUN_ALONE: &str = include_str!("c/run_alone.h");
const RUN_TOGETHER: &str = include_str!("c/run_together.h");

impl Translator<'_> {
    /// The C of the function; of a kernel with all that runs it.
    pub(super) fn c_function(&mut self, index: usize) -> Result<String, String> {
        let body = self.body()?;
        if !self.function.entry && self.function.variables.iter().any(|v| v.space == Space::Shared) {
            return Err(format!(
                "{}: shared memory of a called function is not supported",
                self.function.name
            ));
        }
        let mut c = String::new();
        if self.function.entry {
            self.kernel_head(&mut c);
        } else {
            self.function_head(&mut c, index);
            c.push_str(" {\n");
        }
        for (register, ty) in self.function.registers.iter().enumerate() {
            let _ = writeln!(c, "    u{} r{register} = 0;", ty.bits);
        }
        c.push_str("    u64 carry = 0;\n");
        self.variables(&mut c);
        if !self.places.is_empty() {
            self.resume(&mut c);
        }
        c.push_str(&body);
        c.push_str(if self.function.entry { "    return 0;\n}\n" } else { "    return;\n}\n" });
        if self.function.entry {
            c.push_str(if self.places.is_empty() { RUN_ALONE } else { RUN_TOGETHER });
        }
        Ok(c)
    }

    fn kernel_head(&self, c: &mut String) {
        c.push_str("struct kept {\n    int place;\n    struct exchange exchange;\n");
        for register in self.kept_registers() {
            let _ = writeln!(c, "    u{} r{register};", self.function.registers[register].bits);
        }
        for (index, variable) in self.local_variables() {
            let _ = writeln!(c, "    u8 v{index}[{}] __attribute__((aligned(16)));", variable.size.max(1));
        }
        c.push_str("};\nstatic inline int thread(const struct position at, u8 *S, struct kept *k) {\n");
    }

    pub(super) fn function_head(&self, c: &mut String, index: usize) {
        let _ = write!(c, "static void function_{index}(const struct position at, u8 *S");
        for variable in self.function.returns.iter().chain(&self.function.params) {
            let _ = write!(c, ", u8 *v{variable}");
        }
        c.push(')');
    }

    fn kept_registers(&self) -> Vec<usize> {
        let mut kept: Vec<usize> = self.places.iter().flatten().copied().collect();
        kept.sort_unstable();
        kept.dedup();
        kept
    }

    fn local_variables(&self) -> impl Iterator<Item = (usize, &Variable)> {
        self.function.variables.iter().enumerate().filter(|(_, variable)| variable.space == Space::Local)
    }

    /// Declares pointers to the variables in `.param` and `.local` memory.
    fn variables(&self, c: &mut String) {
        let mut offset = 0;
        for &index in self.function.params.iter().filter(|_| self.function.entry) {
            let variable = &self.function.variables[index];
            offset = usize::next_multiple_of(offset, variable.align);
            let _ = writeln!(c, "    const u8 *v{index} = task->params + {offset};");
            offset += variable.size;
        }
        for (index, variable) in self.function.variables.iter().enumerate() {
            let formal = self.function.params.contains(&index) || self.function.returns.contains(&index);
            match variable.space {
                Space::Param if !formal => {
                    let _ = writeln!(c, "    u8 v{index}[{}] __attribute__((aligned(16)));", variable.size);
                }
                Space::Local if self.function.entry => {
                    let _ = writeln!(c, "    u8 *v{index} = k->v{index};");
                }
                Space::Local => {
                    let _ = writeln!(
                        c,
                        "    u8 v{index}[{}] __attribute__((aligned(16)));",
                        variable.size.max(1)
                    );
                }
                _ => {}
            }
        }
    }

    /// Goes on where a thread stopped to wait.
    fn resume(&self, c: &mut String) {
        c.push_str("    switch (k->place) {\n");
        for (index, registers) in self.places.iter().enumerate() {
            let place = index + 1;
            let _ = write!(c, "    case {place}: ");
            for register in registers {
                let _ = write!(c, "r{register} = k->r{register}; ");
            }
            let _ = writeln!(c, "goto place_{place};");
        }
        c.push_str("    }\n");
    }
}

//! PTX to C: each kernel becomes a C file whose `run` executes all of its blocks and threads.
//!
//! A thread is a C function, with a local variable per register. Where it has to wait for other threads, at a barrier
//! or an exchange between the threads of a warp, the function saves the registers that are still needed, returns, and
//! is later called again to go on from there; `c/run.h` decides when. A register holds bits: `f32` values pass
//! through `f32_of` and `bits_f32`, which cost nothing.

mod arithmetic;
mod atomic;
mod bits;
mod compare;
mod control;
mod convert;
mod float;
mod instruction;
mod integer;
mod liveness;
mod memory;
mod modifiers;
mod operands;
mod warp;

use crate::ptx::{Function, Instruction, Module, Space, Statement, Variable};
use std::fmt::Write;

/// The C that every kernel begins with.
const BEFORE: [&str; 5] = [
    include_str!("c/types.h"),
    include_str!("c/float.h"),
    include_str!("c/integer.h"),
    include_str!("c/memory.h"),
    include_str!("c/position.h"),
];
/// The C that every kernel ends with: one of these.
const RUN_ALONE: &str = include_str!("c/run_alone.h");
const RUN_TOGETHER: &str = include_str!("c/run_together.h");

/// How a kernel is translated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Variant {
    /// Leaves out the barriers: a negative control, under which kernels that need them compute something else.
    pub without_barriers: bool,
    /// Stops where two threads of a block use the same shared memory between barriers, and one of them writes.
    pub find_races: bool,
}

/// Where shared memory's variables lie.
struct Shared {
    /// Offset of each variable of the module, `None` for those in other memory.
    module: Vec<Option<usize>>,
    /// Offset of each variable of the function.
    function: Vec<Option<usize>>,
    /// Of all with a size, in bytes. Dynamic shared memory begins here.
    size: usize,
}

impl Shared {
    fn new(module: &Module, function: &Function) -> Self {
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

/// Translates one function of a module.
struct Translator<'a> {
    module: &'a Module,
    function: &'a Function,
    variant: Variant,
    shared: Shared,
    /// Functions that this one calls, indices of [`Module::functions`].
    calls: Vec<usize>,
    /// Registers to be saved at each place where a thread waits.
    places: Vec<Vec<usize>>,
    /// Registers needed after each statement.
    needed_after: Vec<liveness::Set>,
    /// The statement that is being translated.
    statement: usize,
}

/// Translates a kernel to a C file.
///
/// # Errors
///
/// If the kernel uses what is not supported here. The message names it, the kernel and the line.
pub fn kernel(module: &Module, name: &str, variant: Variant) -> Result<String, String> {
    let index = module.functions.iter().position(|f| f.entry && f.name == name);
    let index = index.ok_or(format!("there is no kernel `{name}`"))?;
    let mut order = vec![index];
    let (mut heads, mut texts) = (String::new(), String::new());
    let mut done = 0;
    while let Some(&index) = order.get(done) {
        let mut translator = Translator::new(module, index, variant);
        texts.insert_str(0, &translator.c_function(index)?);
        if done > 0 {
            translator.function_head(&mut heads, index);
            heads.push_str(";\n");
        }
        for called in translator.calls {
            if !order.contains(&called) {
                order.push(called);
            }
        }
        done += 1;
    }
    let shared = Shared::new(module, &module.functions[index]).size;
    let find_races = u8::from(variant.find_races);
    let kernel = &module.functions[index].name;
    Ok(format!(
        "/* {kernel} */\n#define STATIC_SHARED {shared}\n#define FIND_RACES {find_races}\n{}{heads}{texts}",
        BEFORE.concat()
    ))
}

impl<'a> Translator<'a> {
    fn new(module: &'a Module, index: usize, variant: Variant) -> Self {
        let function = &module.functions[index];
        Translator {
            module,
            function,
            variant,
            shared: Shared::new(module, function),
            calls: Vec::new(),
            places: Vec::new(),
            needed_after: liveness::needed_after(function),
            statement: 0,
        }
    }

    /// The C of the function; of a kernel with all that runs it.
    fn c_function(&mut self, index: usize) -> Result<String, String> {
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

    /// All statements.
    fn body(&mut self) -> Result<String, String> {
        let mut c = String::new();
        for (index, statement) in self.function.body.iter().enumerate() {
            self.statement = index;
            match statement {
                Statement::Label(name) => {
                    let _ = writeln!(c, "{}: ;", c_name(name));
                }
                Statement::Instruction(instruction) => {
                    let code =
                        self.instruction(instruction).map_err(|why| self.described(instruction, &why))?;
                    let guard = instruction.guard.map_or(String::new(), |(register, inverted)| {
                        format!("if ({}r{register}) ", if inverted { "!" } else { "" })
                    });
                    let _ = writeln!(c, "    {guard}{{ {code} }}");
                }
            }
        }
        Ok(c)
    }

    /// An error with all that is needed to find its cause.
    fn described(&self, instruction: &Instruction, why: &str) -> String {
        let mut name = instruction.name.clone();
        for modifier in &instruction.modifiers {
            let _ = write!(name, ".{modifier}");
        }
        format!("kernel or function `{}`, line {}: `{name}`: {why}", self.function.name, instruction.line)
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

    fn function_head(&self, c: &mut String, index: usize) {
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

    /// C that saves what is needed and returns, and goes on when all threads that this one waits for have come.
    fn wait(&mut self) -> Result<String, String> {
        if !self.function.entry {
            return Err("threads can wait in kernels, but not in functions that they call".to_owned());
        }
        let registers = self.needed_after[self.statement].list();
        let mut c = String::new();
        for register in &registers {
            let _ = write!(c, "k->r{register} = r{register}; ");
        }
        self.places.push(registers);
        let place = self.places.len();
        let _ = write!(c, "k->place = {place}; return {place}; place_{place}: ;");
        Ok(c)
    }
}

/// Offset and size of each parameter of a kernel, and the size of all, in bytes.
pub fn parameters(function: &Function) -> (Vec<(usize, usize)>, usize) {
    let mut end = 0;
    let places = function.params.iter().map(|&index| {
        let variable = &function.variables[index];
        let at = usize::next_multiple_of(end, variable.align);
        end = at + variable.size;
        (at, variable.size)
    });
    (places.collect(), end)
}

/// A name of PTX as one of C.
fn c_name(name: &str) -> String {
    format!("L{}", name.replace(['$', '%', '.'], "_"))
}

/// Shared memory that each block of a kernel has besides dynamic memory, in bytes.
pub fn static_shared(module: &Module, kernel: &str) -> usize {
    module.kernel(kernel).map_or(0, |function| Shared::new(module, function).size)
}

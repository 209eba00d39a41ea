//! PTX to C: each kernel becomes a C file whose `run` executes all of its blocks and threads.
//!
//! A thread is a C function, with a local variable per register. Where it has to wait for other threads, at a barrier
//! or an exchange between the threads of a warp, the function saves the registers that are still needed, returns, and
//! is later called again to go on from there; `c/run.h` decides when. A register holds bits: `f32` values pass
//! through `f32_of` and `bits_f32`, which cost nothing.

mod function;
mod instructions;
mod liveness;
mod modifiers;
mod operands;
mod shared;

use crate::ptx::{Function, Instruction, Module, Statement};
use shared::Shared;
use std::fmt::Write;

/// The C that every kernel begins with.
const BEFORE: [&str; 5] = [
    include_str!("c/types.h"),
    include_str!("c/float.h"),
    include_str!("c/integer.h"),
    include_str!("c/memory.h"),
    include_str!("c/position.h"),
];

/// How a kernel is translated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Variant {
    /// Leaves out the barriers: a negative control, under which kernels that need them compute something else.
    pub without_barriers: bool,
    /// Stops where two threads of a block use the same shared memory between barriers, and one of them writes.
    pub find_races: bool,
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

//! PTX, NVIDIA's assembly language, as far as compilers write it: text to a [`Module`] of functions and variables.
//!
//! Names are resolved while parsing, so that what follows sees registers and variables by number, each with its type.

mod lexer;
mod parser;
mod types;

pub use types::{Kind, Type};

/// What one PTX file declares.
#[derive(Debug, Default)]
pub struct Module {
    /// The version of the language, as 10 × major + minor: 90 for 9.0.
    pub version: u32,
    /// The compute capability that the code is for: 90 for `sm_90`.
    pub target: u32,
    /// The kernels and the functions that they call.
    pub functions: Vec<Function>,
    /// Variables outside functions, in `.global`, `.const` and `.shared` memory.
    pub variables: Vec<Variable>,
}

impl Module {
    /// Parses a file of PTX.
    ///
    /// # Errors
    ///
    /// If the text is not PTX of the form that compilers write. The message names the line.
    pub fn parse(text: &str) -> Result<Module, String> {
        parser::module(text)
    }

    /// The kernel with a name.
    pub fn kernel(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|f| f.entry && f.name == name)
    }
}

/// Where a variable lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// Memory of the device, for all threads.
    Global,
    /// Memory of the device that kernels only read.
    Const,
    /// Memory of a block.
    Shared,
    /// Memory of a thread.
    Local,
    /// Parameters of kernels and functions.
    Param,
}

/// A variable in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// As the file calls it.
    pub name: String,
    /// Where it lies.
    pub space: Space,
    /// In bytes; 0 for a shared array without a size, which the launch decides.
    pub size: usize,
    /// In bytes, a power of two.
    pub align: usize,
    /// Initial bytes, as many as the initializer gives.
    pub initial: Vec<u8>,
}

/// A kernel, or a function that kernels call.
#[derive(Debug, Default)]
pub struct Function {
    /// As the file calls it.
    pub name: String,
    /// Whether it is a kernel.
    pub entry: bool,
    /// Parameters, indices of [`Function::variables`], in order.
    pub params: Vec<usize>,
    /// Returned values, indices of [`Function::variables`], in order.
    pub returns: Vec<usize>,
    /// The most threads per block that the kernel was compiled for.
    pub max_threads: Option<u32>,
    /// The type of each register.
    pub registers: Vec<Type>,
    /// Variables of the function.
    pub variables: Vec<Variable>,
    /// What it does.
    pub body: Vec<Statement>,
}

/// A line of a function.
#[derive(Debug, PartialEq, Eq)]
pub enum Statement {
    /// Where a branch goes to.
    Label(String),
    /// What a thread does.
    Instruction(Instruction),
}

/// One instruction.
#[derive(Debug, PartialEq, Eq)]
pub struct Instruction {
    /// The predicate register that decides whether it is done, and whether it is done where that is false.
    pub guard: Option<(usize, bool)>,
    /// The part of the name before the first dot.
    pub name: String,
    /// The parts of the name between dots, after the first.
    pub modifiers: Vec<String>,
    /// Destination first.
    pub operands: Vec<Operand>,
    /// The line of the file, from 1.
    pub line: usize,
}

/// What an instruction works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A register, an index of [`Function::registers`].
    Register(usize),
    /// A register whose predicate is inverted.
    Not(usize),
    /// Two destinations, `p|q`.
    Pair(Box<[Operand; 2]>),
    /// A variable of the function, an index of [`Function::variables`].
    Local(usize),
    /// A variable of the module, an index of [`Module::variables`].
    Global(usize),
    /// A special register, label or function.
    Name(String),
    /// An integer, in two's complement.
    Integer(u64),
    /// The bits of a 32-bit floating point number.
    Float(u32),
    /// The bits of a 64-bit floating point number.
    Double(u64),
    /// Memory at a distance in bytes from a register, variable or number.
    Memory(Box<Operand>, i64),
    /// Several registers or values, `{a, b}`.
    Vector(Vec<Operand>),
    /// Arguments of a call, `(a, b)`.
    List(Vec<Operand>),
    /// A destination that is not kept, `_`.
    Sink,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_is_read_with_its_parameters_and_variables() {
        let module = Module::parse(
            "// a comment\n.version 8.3\n.target sm_75, debug\n.address_size 64\n.file 1 \"a.cu\"\n\
             .global .align 8 .b8 table[4] = {1, 2, -1};\n\
             .visible .entry first(.param .u64 .ptr .global .align 4 a, .param .align 8 .b8 b[24])\n.maxntid 32, 4, 1\n\
             {\n.reg .pred %p<2>;\n.loc 1 2 3\n/* another */ @!%p1 bra $end;\n$end: ret;\n}\n\
             .section .debug_loc { .b8 0 }\n",
        );
        let module = module.unwrap();
        assert_eq!((module.version, module.target), (83, 75));
        assert_eq!(module.variables[0].initial, [1, 2, 255]);
        let kernel = module.kernel("first").unwrap();
        assert_eq!(kernel.max_threads, Some(128));
        let params: Vec<_> = kernel.params.iter().map(|&index| &kernel.variables[index]).collect();
        assert_eq!((params[0].size, params[0].align), (8, 8));
        assert_eq!((params[1].size, params[1].align), (24, 8));
        let Statement::Instruction(branch) = &kernel.body[0] else { panic!("{:?}", kernel.body[0]) };
        assert_eq!(branch.guard, Some((1, true)));
        assert_eq!(branch.operands, [Operand::Name("$end".to_owned())]);
        assert_eq!(kernel.body[1], Statement::Label("$end".to_owned()));
        assert_eq!(module.kernel("second").map(|kernel| &kernel.name), None);
    }

    #[test]
    fn what_cannot_be_read_is_named_by_line() {
        for (text, error) in [
            (
                ".version 9.0\n.entry k() { .reg .f16x2 %h; }",
                "line 2: registers of type `.f16x2` are not supported",
            ),
            (".entry k()\n{\n mov.u32 %r1, ?;", "line 3: `?` has no place in PTX"),
            (".entry k()\n{ ret;", "line 2: the file ends here"),
            (".address_size 32", "line 1: addresses of 32 bits; only 64 are supported"),
            (".global .u32 x = 09;", "line 1: `09` is no number"),
        ] {
            assert_eq!(Module::parse(text).unwrap_err(), error);
        }
    }
}

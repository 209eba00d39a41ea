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

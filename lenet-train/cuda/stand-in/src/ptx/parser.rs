//! Tokens to a module. Files, functions and instructions here; declarations in [`declarations`].

mod declarations;

use super::lexer::{Token, TokenKind, tokens};
use super::{Function, Instruction, Module, Operand, Space, Statement, Type};
use std::collections::HashMap;

/// What a name stands for in a function.
#[derive(Clone, Copy)]
enum Named {
    Register(usize),
    Variable(usize),
}

/// Reads tokens in order.
struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    module: Module,
    function: Function,
    /// The names of each open block of the function, the innermost last.
    scopes: Vec<HashMap<String, Named>>,
    /// The type of the elements of the variable that was read last.
    element: Type,
}

/// The module that a text declares.
pub(super) fn module(text: &str) -> Result<Module, String> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        at: 0,
        module: Module::default(),
        function: Function::default(),
        scopes: Vec::new(),
        element: Type::unsigned(8),
    };
    match parser.file() {
        Ok(()) => Ok(parser.module),
        Err(why) => Err(format!("line {}: {why}", parser.line())),
    }
}

impl<'a> Parser<'a> {
    /// The line of the token that was read last.
    fn line(&self) -> usize {
        self.tokens.get(self.at.saturating_sub(1)).map_or(1, |token| token.line)
    }

    fn peek(&self) -> Option<TokenKind<'a>> {
        self.tokens.get(self.at).map(|token| token.kind)
    }

    fn next(&mut self) -> Result<TokenKind<'a>, String> {
        let token = self.peek().ok_or("the file ends here")?;
        self.at += 1;
        Ok(token)
    }

    /// Reads a mark if it is next.
    fn take(&mut self, mark: char) -> bool {
        let found = self.peek() == Some(TokenKind::Mark(mark));
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, mark: char) -> Result<(), String> {
        match self.next()? {
            TokenKind::Mark(found) if found == mark => Ok(()),
            found => Err(format!("expected `{mark}`, found {found:?}")),
        }
    }

    fn word(&mut self) -> Result<&'a str, String> {
        match self.next()? {
            TokenKind::Word(word) => Ok(word),
            found => Err(format!("expected a name, found {found:?}")),
        }
    }

    fn integer(&mut self) -> Result<u64, String> {
        match self.next()? {
            TokenKind::Integer(value) => Ok(value),
            found => Err(format!("expected an integer, found {found:?}")),
        }
    }

    fn file(&mut self) -> Result<(), String> {
        while self.peek().is_some() {
            match self.word()? {
                ".version" => self.module.version = version(self.next()?, self.next_if_fraction())?,
                ".target" => self.target()?,
                ".address_size" => match self.integer()? {
                    64 => {}
                    bits => return Err(format!("addresses of {bits} bits; only 64 are supported")),
                },
                ".visible" | ".extern" | ".weak" | ".common" => {}
                ".file" => self.skip_line(),
                ".section" => self.skip_section()?,
                ".entry" => self.function(true)?,
                ".func" => self.function(false)?,
                ".global" => self.module_variable(Space::Global)?,
                ".const" => self.module_variable(Space::Const)?,
                ".shared" => self.module_variable(Space::Shared)?,
                other => return Err(format!("`{other}` is not supported at the top of a file")),
            }
        }
        Ok(())
    }

    /// The `.0` of `.version 9.0`, which is a word of its own.
    fn next_if_fraction(&mut self) -> &'a str {
        match self.peek() {
            Some(TokenKind::Word(word)) if word[1..].parse::<u32>().is_ok() => {
                self.at += 1;
                &word[1..]
            }
            _ => "0",
        }
    }

    /// The architecture after `.target`, and options after it.
    fn target(&mut self) -> Result<(), String> {
        let name = self.word()?;
        let digits = name.trim_start_matches("sm_").trim_end_matches(|c: char| c.is_ascii_alphabetic());
        self.module.target = digits.parse().map_err(|_| format!("`{name}` is no target like sm_90"))?;
        while self.take(',') {
            self.word()?;
        }
        Ok(())
    }

    /// A kernel or function. One without a body declares what is defined elsewhere, and is not kept.
    fn function(&mut self, entry: bool) -> Result<(), String> {
        self.function = Function { entry, ..Function::default() };
        self.scopes = vec![HashMap::new()];
        if self.take('(') {
            self.function.returns = self.parameters()?;
        }
        self.function.name = self.word()?.to_owned();
        if self.take('(') {
            self.function.params = self.parameters()?;
        }
        loop {
            match self.next()? {
                TokenKind::Mark(';') => return Ok(()),
                TokenKind::Mark('{') => break,
                TokenKind::Word(".noreturn") => {}
                TokenKind::Word(".minnctapersm" | ".maxnreg") => drop(self.integer()?),
                TokenKind::Word(".maxntid" | ".reqntid") => self.function.max_threads = Some(self.threads()?),
                other => return Err(format!("{other:?} is not supported before the body of a function")),
            }
        }
        while !self.scopes.is_empty() {
            self.statement()?;
        }
        self.module.functions.push(std::mem::take(&mut self.function));
        Ok(())
    }

    /// The product of up to three numbers.
    fn threads(&mut self) -> Result<u32, String> {
        let mut product = self.integer()?;
        while self.take(',') {
            product *= self.integer()?;
        }
        u32::try_from(product).map_err(|_| "too many threads".to_owned())
    }

    /// One statement of a function's body; a closing brace ends a block of names.
    fn statement(&mut self) -> Result<(), String> {
        let mut guard = None;
        match self.next()? {
            TokenKind::Mark('{') => self.scopes.push(HashMap::new()),
            TokenKind::Mark('}') => drop(self.scopes.pop()),
            TokenKind::Mark(';') => {}
            TokenKind::Mark('@') => {
                let inverted = self.take('!');
                let name = self.word()?;
                match self.operand_named(name) {
                    Operand::Register(register) => guard = Some((register, inverted)),
                    _ => return Err(format!("`{name}` is no register")),
                }
                let name = self.word()?;
                self.instruction(guard, name)?;
            }
            TokenKind::Word(word) if word.starts_with('.') => self.declaration(word)?,
            TokenKind::Word(label) if self.take(':') => {
                self.function.body.push(Statement::Label(label.to_owned()))
            }
            TokenKind::Word(name) => self.instruction(guard, name)?,
            other => return Err(format!("expected a statement, found {other:?}")),
        }
        Ok(())
    }

    fn instruction(&mut self, guard: Option<(usize, bool)>, name: &str) -> Result<(), String> {
        let line = self.line();
        let mut parts = name.split('.').map(str::to_owned);
        let name = parts.next().unwrap_or_default();
        let modifiers = parts.collect();
        let operands = self.list(';')?;
        let instruction = Instruction { guard, name, modifiers, operands, line };
        self.function.body.push(Statement::Instruction(instruction));
        Ok(())
    }

    /// Operands between commas, up to a mark.
    fn list(&mut self, end: char) -> Result<Vec<Operand>, String> {
        let mut operands = Vec::new();
        while !self.take(end) {
            if !operands.is_empty() {
                self.expect(',')?;
            }
            operands.push(self.operand()?);
        }
        Ok(operands)
    }

    fn operand(&mut self) -> Result<Operand, String> {
        Ok(match self.next()? {
            TokenKind::Integer(value) => Operand::Integer(value),
            TokenKind::Float(bits) => Operand::Float(bits),
            TokenKind::Double(bits) => Operand::Double(bits),
            TokenKind::Mark('-') => Operand::Integer(self.integer()?.wrapping_neg()),
            TokenKind::Mark('{') => Operand::Vector(self.list('}')?),
            TokenKind::Mark('(') => Operand::List(self.list(')')?),
            TokenKind::Mark('[') => {
                let base = self.operand()?;
                let offset = if self.take('+') { self.offset()? } else { 0 };
                self.expect(']')?;
                Operand::Memory(Box::new(base), offset)
            }
            TokenKind::Mark('!') => {
                let name = self.word()?;
                match self.operand_named(name) {
                    Operand::Register(register) => Operand::Not(register),
                    _ => return Err(format!("`{name}` is no register")),
                }
            }
            TokenKind::Word("_") => Operand::Sink,
            TokenKind::Word(name) => {
                let first = self.operand_named(name);
                if self.take('|') { Operand::Pair(Box::new([first, self.operand()?])) } else { first }
            }
            other => return Err(format!("expected an operand, found {other:?}")),
        })
    }

    fn offset(&mut self) -> Result<i64, String> {
        let negative = self.take('-');
        let value = self.integer()?.cast_signed();
        Ok(if negative { -value } else { value })
    }

    /// What a name stands for: the innermost declaration, a variable of the module, or itself.
    fn operand_named(&self, name: &str) -> Operand {
        if let Some(named) = self.scopes.iter().rev().find_map(|scope| scope.get(name)) {
            return match *named {
                Named::Register(index) => Operand::Register(index),
                Named::Variable(index) => Operand::Local(index),
            };
        }
        let variable = self.module.variables.iter().position(|v| v.name == name);
        variable.map_or_else(|| Operand::Name(name.to_owned()), Operand::Global)
    }
}

/// The version as 10 × major + minor. The lexer reads `9.0` as an integer and a word.
fn version(major: TokenKind<'_>, minor: &str) -> Result<u32, String> {
    match (major, minor.parse::<u32>()) {
        (TokenKind::Integer(major), Ok(minor)) => {
            Ok(u32::try_from(major).map_err(|e| e.to_string())? * 10 + minor)
        }
        _ => Err(format!("{major:?} is no version")),
    }
}

//! Registers, variables, parameters and directives.

use super::{Named, Parser, Space, TokenKind, Type};
use crate::ptx::Variable;

impl Parser<'_> {
    /// A directive in a function's body.
    pub(super) fn declaration(&mut self, directive: &str) -> Result<(), String> {
        // Old code writes `.reg.b32` in one word.
        let (directive, ty) = match directive[1..].split_once('.') {
            Some((directive, ty)) => (directive, Some(ty)),
            None => (&directive[1..], None),
        };
        match directive {
            "reg" => {
                let name = match ty {
                    Some(ty) => ty,
                    None => &self.word()?[1..],
                };
                let ty = Type::named(name).ok_or(format!("registers of type `.{name}` are not supported"))?;
                self.registers(ty)
            }
            "shared" => self.function_variable(Space::Shared),
            "local" => self.function_variable(Space::Local),
            "param" => self.function_variable(Space::Param),
            // For NVIDIA's assembler.
            "pragma" => {
                while self.next()? != TokenKind::Mark(';') {}
                Ok(())
            }
            "loc" | "file" => {
                self.skip_line();
                Ok(())
            }
            other => Err(format!("`.{other}` is not supported in a function")),
        }
    }

    /// The rest of a line: what tells debuggers which line of which file the code is from has no effect here.
    pub(super) fn skip_line(&mut self) {
        let line = self.line();
        while self.tokens.get(self.at).is_some_and(|token| token.line == line) {
            self.at += 1;
        }
    }

    /// A section in braces, for debuggers.
    pub(super) fn skip_section(&mut self) -> Result<(), String> {
        while self.next()? != TokenKind::Mark('}') {}
        Ok(())
    }

    /// `%p<3>` declares `%p0` to `%p2`; other names are declared alone.
    fn registers(&mut self, ty: Type) -> Result<(), String> {
        loop {
            let name = self.word()?;
            if self.take('<') {
                let count = self.integer()?;
                self.expect('>')?;
                for i in 0..count {
                    self.declare_register(format!("{name}{i}"), ty);
                }
            } else {
                self.declare_register(name.to_owned(), ty);
            }
            if !self.take(',') {
                return self.expect(';');
            }
        }
    }

    fn declare_register(&mut self, name: String, ty: Type) {
        self.function.registers.push(ty);
        let index = self.function.registers.len() - 1;
        self.declare(name, Named::Register(index));
    }

    fn declare(&mut self, name: String, named: Named) {
        self.scopes.last_mut().expect("a function's body has a scope").insert(name, named);
    }

    fn function_variable(&mut self, space: Space) -> Result<(), String> {
        let variable = self.variable(space)?;
        self.expect(';')?;
        self.declare_variable(variable);
        Ok(())
    }

    fn declare_variable(&mut self, variable: Variable) -> usize {
        let index = self.function.variables.len();
        self.declare(variable.name.clone(), Named::Variable(index));
        self.function.variables.push(variable);
        index
    }

    /// The parameters or returned values of a function, up to `)`.
    pub(super) fn parameters(&mut self) -> Result<Vec<usize>, String> {
        let mut out = Vec::new();
        while !self.take(')') {
            if !out.is_empty() {
                self.expect(',')?;
            }
            match self.word()? {
                ".param" => {}
                other => return Err(format!("expected a parameter, found `{other}`")),
            }
            let variable = self.variable(Space::Param)?;
            out.push(self.declare_variable(variable));
        }
        Ok(out)
    }

    /// A variable outside functions, with its initial value.
    pub(super) fn module_variable(&mut self, space: Space) -> Result<(), String> {
        let mut variable = self.variable(space)?;
        if self.take('=') {
            variable.initial = self.initial()?;
        }
        self.expect(';')?;
        self.module.variables.push(variable);
        Ok(())
    }

    /// `.align 4 .b8 name[28]`, or with a type alone. What `.ptr` says of the memory that a parameter points to has no
    /// effect here.
    fn variable(&mut self, space: Space) -> Result<Variable, String> {
        let (mut align, mut element, mut pointer, mut vector) = (None, None, false, 1);
        let name = loop {
            match self.word()? {
                ".align" => {
                    let bytes = self.integer()?;
                    if !pointer {
                        align = Some(bytes as usize);
                    }
                }
                ".ptr" => pointer = true,
                ".global" | ".const" | ".shared" | ".local" if pointer => {}
                ".attribute" => return Err("`.attribute` is not supported".to_owned()),
                ".v2" => vector = 2,
                ".v4" => vector = 4,
                word if word.starts_with('.') => {
                    element = Some(
                        Type::named(&word[1..])
                            .ok_or(format!("variables of type `{word}` are not supported"))?,
                    );
                }
                name => break name.to_owned(),
            }
        };
        self.element = element.ok_or(format!("`{name}` has no type"))?;
        let mut size = self.element.size() * vector;
        let align = align.unwrap_or(size);
        while self.take('[') {
            size *= match self.peek() {
                Some(TokenKind::Integer(count)) => {
                    self.at += 1;
                    count as usize
                }
                _ => 0,
            };
            self.expect(']')?;
        }
        Ok(Variable { name, space, size, align, initial: Vec::new() })
    }

    /// Numbers in braces, or one, as bytes of the variable's type.
    fn initial(&mut self) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        let mut depth = 0;
        loop {
            let value = match self.next()? {
                TokenKind::Mark('{') => {
                    depth += 1;
                    continue;
                }
                TokenKind::Mark('}') => {
                    depth -= 1;
                    if depth == 0 {
                        return Ok(bytes);
                    }
                    continue;
                }
                TokenKind::Mark(',') => continue,
                TokenKind::Mark('-') => self.integer()?.wrapping_neg(),
                TokenKind::Integer(value) | TokenKind::Double(value) => value,
                TokenKind::Float(bits) => u64::from(bits),
                other => return Err(format!("an initial value of {other:?} is not supported")),
            };
            bytes.extend_from_slice(&value.to_le_bytes()[..self.element.size()]);
            if depth == 0 {
                return Ok(bytes);
            }
        }
    }
}

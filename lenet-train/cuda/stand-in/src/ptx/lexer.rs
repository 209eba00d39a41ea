//! Text to tokens.

/// A part of the text, and the line that it is on, from 1.
#[derive(Debug, PartialEq)]
pub(super) struct Token<'a> {
    pub(super) line: usize,
    pub(super) kind: TokenKind<'a>,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum TokenKind<'a> {
    /// A name, directive or instruction, with its dots.
    Word(&'a str),
    /// An integer, in two's complement.
    Integer(u64),
    /// `0f` and the bits of a number.
    Float(u32),
    /// `0d` and the bits of a number.
    Double(u64),
    /// One of `, ; : { } ( ) [ ] < > + - = ! | @`.
    Mark(char),
    /// What is between quotation marks.
    Text(&'a str),
}

/// All tokens of a text, without comments.
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, String> {
    let mut out = Vec::new();
    let mut line = 1;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map(|at| at + 2).ok_or(format!("line {line}: a comment without an end"))?
        } else if first.is_whitespace() {
            first.len_utf8()
        } else {
            let (kind, length) = token(rest).map_err(|why| format!("line {line}: {why}"))?;
            out.push(Token { line, kind });
            length
        };
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    Ok(out)
}

/// The token that a text begins with, and its length.
fn token(text: &str) -> Result<(TokenKind<'_>, usize), String> {
    let first = text.as_bytes()[0];
    if first == b'"' {
        let length = text[1..].find('"').ok_or("quotation marks without an end")?;
        return Ok((TokenKind::Text(&text[1..=length]), length + 2));
    }
    if first.is_ascii_digit() {
        let length = text.bytes().take_while(u8::is_ascii_alphanumeric).count();
        return Ok((number(&text[..length])?, length));
    }
    // `::` is part of a word: `ld.global.L1::no_allocate.f32`.
    let mut length = 0;
    while let Some(&byte) = text.as_bytes().get(length) {
        if byte.is_ascii_alphanumeric() || b"_$%.".contains(&byte) {
            length += 1;
        } else if length > 0 && text[length..].starts_with("::") {
            length += 2;
        } else {
            break;
        }
    }
    if length > 0 {
        return Ok((TokenKind::Word(&text[..length]), length));
    }
    match text.chars().next() {
        Some(mark) if ",;:{}()[]<>+-=!|@".contains(mark) => Ok((TokenKind::Mark(mark), 1)),
        other => Err(format!("`{}` has no place in PTX", other.unwrap_or_default())),
    }
}

/// A number, by the letters after its first 0.
fn number(text: &str) -> Result<TokenKind<'_>, String> {
    let wrong = || format!("`{text}` is no number");
    let hex = |digits| u64::from_str_radix(digits, 16).map_err(|_| wrong());
    match text.as_bytes().get(1) {
        Some(b'f' | b'F') => Ok(TokenKind::Float(u32::try_from(hex(&text[2..])?).map_err(|_| wrong())?)),
        Some(b'd' | b'D') => Ok(TokenKind::Double(hex(&text[2..])?)),
        _ => {
            let digits = text.trim_end_matches('U');
            let (digits, radix) = match digits.as_bytes() {
                [b'0', b'x' | b'X', ..] => (&digits[2..], 16),
                [b'0', b'b' | b'B', ..] => (&digits[2..], 2),
                [b'0', _, ..] => (&digits[1..], 8),
                _ => (digits, 10),
            };
            u64::from_str_radix(digits, radix).map(TokenKind::Integer).map_err(|_| wrong())
        }
    }
}

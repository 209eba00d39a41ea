//! An upper bound of the stack that a function takes, for any input.
//!
//! The tool follows every path through the function with what it knows about the registers. It knows the stack pointer
//! as an offset from its value at the entry of the function. A call adds the bound of the called function to the depth
//! at the call, and so does a jump to another function, which is a tail call. What has no bound is an error:
//! recursion, a call or jump to an unknown address, a stack pointer that is unknown, or one that a function does not
//! restore before it returns.

#[cfg(test)]
mod tests;

use crate::code::Code;
use crate::program::Program;
use crate::state::{State, Value};
use crate::step::{Flow, Operation, Step, Target};
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;

/// The most stack that a call of a function can take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bound {
    pub(crate) bytes: u32,
    /// The functions on the deepest path, each with the bytes that it has taken when it calls the next one.
    pub(crate) chain: Vec<(String, u32)>,
}

/// The bounds of a program's functions.
pub(crate) struct Bounds<'a> {
    program: &'a Program,
    code: Code,
    known: BTreeMap<u32, Bound>,
    /// The functions that are being analyzed, the outermost first.
    open: Vec<u32>,
}

/// The stack that a function itself takes, and its calls.
struct Frame {
    kind: Kind,
    deepest: u32,
    /// The called functions, each with the greatest depth of a call.
    calls: BTreeMap<u32, u32>,
    /// The stack pointer at the end, less that at the start.
    moved: Option<i32>,
}

/// What a function may leave behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The stack pointer is as it was found.
    Function,
    /// The stack pointer may be moved: code that the compiler shares between functions, such as the start or the end of
    /// their frames.
    Shared,
}

impl<'a> Bounds<'a> {
    pub(crate) fn new(program: &'a Program) -> Result<Self> {
        Ok(Self { program, code: Code::new(program)?, known: BTreeMap::new(), open: Vec::new() })
    }

    /// Returns the bound of the function with this symbol.
    pub(crate) fn of(&mut self, symbol: &str) -> Result<Bound> {
        let entry = self.program.function(symbol)?;
        self.bound(entry).with_context(|| format!("the stack of {symbol} has no bound"))
    }

    fn bound(&mut self, entry: u32) -> Result<Bound> {
        if let Some(known) = self.known.get(&entry) {
            return Ok(known.clone());
        }
        let name = self.program.name(entry);
        if self.open.contains(&entry) {
            bail!("{name} calls itself, perhaps through others");
        }
        self.open.push(entry);
        let frame = self.frame(entry, Kind::Function).with_context(|| format!("in {name}"))?;
        let mut bound = Bound { bytes: frame.deepest, chain: vec![(name.clone(), frame.deepest)] };
        for (callee, depth) in frame.calls {
            let inner = self.bound(callee)?;
            if depth + inner.bytes > bound.bytes {
                bound.bytes = depth + inner.bytes;
                bound.chain = [vec![(name.clone(), depth)], inner.chain].concat();
            }
        }
        self.open.pop();
        self.known.insert(entry, bound.clone());
        Ok(bound)
    }

    /// Follows every path through the function at `entry`.
    fn frame(&self, entry: u32, kind: Kind) -> Result<Frame> {
        let mut frame = Frame { kind, deepest: 0, calls: BTreeMap::new(), moved: None };
        let mut states = BTreeMap::from([(entry, State::entry(self.code.stack, self.code.links))]);
        let mut pending = vec![entry];
        while let Some(address) = pending.pop() {
            let state = states[&address];
            for (to, state) in self.follow(entry, address, &state, &mut frame)? {
                let joined = states.get(&to).map_or(state, |known| known.join(&state));
                self.offset(&joined, kind).with_context(|| format!("at {to:#x}, where two ways meet"))?;
                if states.insert(to, joined) != Some(joined) {
                    pending.push(to);
                }
            }
        }
        Ok(frame)
    }

    /// Executes the instruction at `address`. Returns the places in the function that may follow, each with what is
    /// known there.
    fn follow(
        &self,
        entry: u32,
        address: u32,
        state: &State,
        frame: &mut Frame,
    ) -> Result<Vec<(u32, State)>> {
        let step = self.code.step(address)?;
        let after = state.after(&step.writes, self.program);
        let offset = self.offset(&after, frame.kind).with_context(|| format!("at {address:#x}"))?;
        let depth = offset.min(0).unsigned_abs();
        frame.deepest = frame.deepest.max(depth);

        let next = address + step.length;
        let mut ways = Vec::new();
        match self.resolved(step.flow, &after) {
            Flow::Next => ways.push((next, after)),
            Flow::Stop => {}
            Flow::Return if frame.kind == Kind::Function && depth > 0 => {
                bail!("at {address:#x} it returns with {depth} bytes on the stack")
            }
            Flow::Return if frame.moved.is_some_and(|moved| moved != offset) => {
                bail!("at {address:#x} it leaves the stack pointer elsewhere than at another end")
            }
            Flow::Return => frame.moved = Some(offset),
            // Armv6-M jumps far with a call, after it has saved the return address.
            Flow::Call(Target::Address(to)) if self.is_inside(entry, to) => ways.push((to, after)),
            Flow::Call(target) => {
                for callee in self.targets(target, address, &after)? {
                    note_call(frame, callee, depth);
                }
                ways.push((next, after.after_call(self.code.scratch)));
            }
            Flow::Share(target) => {
                for shared in self.targets(target, address, &after)? {
                    let moved = self.share(shared, depth, frame)?;
                    let called = after.after_call(self.code.scratch);
                    let stack = self.code.stack;
                    ways.push((
                        next,
                        called.after(&[(stack, Operation::Offset(stack, moved))], self.program),
                    ));
                }
            }
            Flow::Jump(_) | Flow::Table(_) => {
                for to in self.jumps(step, address, &after)? {
                    match to != entry && self.program.is_function(to) {
                        true => note_call(frame, to, depth),
                        false => ways.push((to, after)),
                    }
                }
            }
        }
        if step.conditional {
            ways.push((next, *state));
        }
        Ok(ways)
    }

    /// Follows code at `entry` that works on the frame of a caller with `depth` bytes on the stack, and says how far it
    /// moves the stack pointer.
    fn share(&self, entry: u32, depth: u32, frame: &mut Frame) -> Result<i32> {
        let name = || format!("in {}", self.program.name(entry));
        let shared = self.frame(entry, Kind::Shared).with_context(name)?;
        frame.deepest = frame.deepest.max(depth + shared.deepest);
        for (callee, inner) in shared.calls {
            note_call(frame, callee, depth + inner);
        }
        shared.moved.context("it does not return").with_context(name)
    }

    /// The stack pointer, less where the function found it.
    fn offset(&self, state: &State, kind: Kind) -> Result<i32> {
        match state.get(self.code.stack) {
            Value::Stack(offset) if offset > 0 && kind == Kind::Function => {
                bail!("the stack pointer is {offset} bytes above where the function found it")
            }
            Value::Stack(offset) => Ok(offset),
            _ => bail!("the stack pointer is not known"),
        }
    }

    /// Replaces a jump to the return address by a return.
    fn resolved(&self, flow: Flow, state: &State) -> Flow {
        match flow {
            Flow::Jump(Target::Register(register, 0)) if state.get(register) == Value::Return => Flow::Return,
            other => other,
        }
    }

    /// Returns whether `address` is in the function at `entry`, but is not its entry.
    fn is_inside(&self, entry: u32, address: u32) -> bool {
        address != entry && self.program.extent(entry).contains(&address)
    }

    fn jumps(&self, step: &Step, address: u32, state: &State) -> Result<Vec<u32>> {
        match step.flow {
            Flow::Jump(target) => self.targets(target, address, state),
            Flow::Table(width) => self.distances(address + step.length, width),
            _ => Ok(Vec::new()),
        }
    }

    fn targets(&self, target: Target, address: u32, state: &State) -> Result<Vec<u32>> {
        match target {
            Target::Address(to) => Ok(vec![to]),
            Target::Register(register, plus) => match state.get(register) {
                Value::Constant(to) => Ok(vec![to.wrapping_add_signed(plus) & !1]),
                Value::Entry(start) => self.entries(start, address),
                _ => bail!("at {address:#x} it goes to an address that is not known (a function pointer?)"),
            },
        }
    }

    /// Reads the table of addresses at `start`, which ends before the first word that is not an address in the
    /// function.
    fn entries(&self, start: u32, address: u32) -> Result<Vec<u32>> {
        let function = self.program.extent(address);
        let words = (start..).step_by(4).map_while(|at| self.program.constant(at));
        let entries: Vec<_> =
            words.map(|word| word & !1).take_while(|word| function.contains(word)).collect();
        if entries.is_empty() {
            bail!("at {address:#x} it goes through {start:#x}, which is no table of places in the function");
        }
        Ok(entries)
    }

    /// Reads the table of halved distances at `start`, which ends where the nearest of its targets begins.
    fn distances(&self, start: u32, width: u32) -> Result<Vec<u32>> {
        let mut targets = Vec::new();
        let (mut at, mut end) = (start, u32::MAX);
        while at < end {
            let bytes = self.program.bytes(at).context("a table that leaves its section")?;
            let distance = match (width, bytes) {
                (1, [distance, ..]) => u32::from(*distance),
                (_, [low, high, ..]) => u32::from(u16::from_le_bytes([*low, *high])),
                _ => bail!("a table that leaves its section"),
            };
            targets.push(start + 2 * distance);
            end = end.min(start + 2 * distance);
            at += width;
        }
        Ok(targets)
    }
}

fn note_call(frame: &mut Frame, callee: u32, depth: u32) {
    let deepest = frame.calls.entry(callee).or_default();
    *deepest = depth.max(*deepest);
}

//! Queues of work, and events that order them.

use crate::options::options;
use crate::stop::stop;
use std::collections::{HashMap, VecDeque};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

/// What a stream does.
enum Work {
    Run(Box<dyn FnOnce() + Send>),
    /// Waits until another stream has done so much of its work.
    Wait {
        stream: usize,
        until: u64,
    },
}

/// A queue, and how much of it was ever queued and done.
#[derive(Default)]
struct Stream {
    queue: VecDeque<Work>,
    queued: u64,
    done: u64,
}

/// All streams and events, by handle. Stream 0 is the default one.
#[derive(Default)]
struct Streams {
    streams: HashMap<usize, Stream>,
    /// What each event waits for: a stream, and how much of its work. `None` until the event is recorded.
    events: HashMap<usize, Option<(usize, u64)>>,
    last_handle: usize,
}

fn streams() -> MutexGuard<'static, Streams> {
    static STREAMS: LazyLock<Mutex<Streams>> = LazyLock::new(Mutex::default);
    STREAMS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Streams {
    fn handle(&mut self) -> usize {
        self.last_handle += 1;
        self.last_handle
    }

    fn stream(&mut self, handle: usize) -> &mut Stream {
        if handle == 0 {
            return self.streams.entry(0).or_default();
        }
        self.streams.get_mut(&handle).unwrap_or_else(|| stop(&format!("there is no stream {handle:#x}")))
    }

    fn push(&mut self, handle: usize, work: Work) {
        let stream = self.stream(handle);
        stream.queue.push_back(work);
        stream.queued += 1;
        if !options().late {
            self.advance(handle, u64::MAX);
        }
    }

    /// Does a stream's work, until so much of it was done.
    fn advance(&mut self, handle: usize, until: u64) {
        loop {
            // A stream that was destroyed had done all its work before.
            let Some(stream) = self.streams.get_mut(&handle) else { return };
            if stream.done >= until {
                return;
            }
            let Some(work) = stream.queue.pop_front() else { return };
            match work {
                Work::Run(run) => run(),
                Work::Wait { stream, until } => self.advance(stream, until),
            }
            self.stream(handle).done += 1;
        }
    }
}

/// A handle of something that only has to be told apart from others.
pub(crate) fn new_handle() -> usize {
    streams().handle()
}

/// Makes a stream.
pub(crate) fn create_stream() -> usize {
    let mut streams = streams();
    let handle = streams.handle();
    streams.streams.insert(handle, Stream::default());
    handle
}

/// Ends a stream. What is queued is done first.
pub(crate) fn destroy_stream(handle: usize) {
    let mut streams = streams();
    streams.advance(handle, u64::MAX);
    streams.streams.remove(&handle);
}

/// Queues work.
pub(crate) fn push(stream: usize, work: impl FnOnce() + Send + 'static) {
    streams().push(stream, Work::Run(Box::new(work)));
}

/// Does all work of a stream.
pub(crate) fn synchronize(stream: usize) {
    streams().advance(stream, u64::MAX);
}

/// Does all work of all streams.
pub(crate) fn synchronize_all() {
    let mut streams = streams();
    let handles: Vec<usize> = streams.streams.keys().copied().collect();
    for handle in handles {
        streams.advance(handle, u64::MAX);
    }
}

/// Makes an event.
pub(crate) fn create_event() -> usize {
    let mut streams = streams();
    let handle = streams.handle();
    streams.events.insert(handle, None);
    handle
}

/// Ends an event. Who waits for it goes on waiting for its work.
pub(crate) fn destroy_event(event: usize) {
    if streams().events.remove(&event).is_none() {
        stop(&format!("event {event:#x} was destroyed twice, or never created"));
    }
}

/// The event stands for all that is queued on a stream now.
pub(crate) fn record(event: usize, stream: usize) {
    let mut streams = streams();
    let queued = streams.stream(stream).queued;
    match streams.events.get_mut(&event) {
        Some(recorded) => *recorded = Some((stream, queued)),
        None => stop(&format!("there is no event {event:#x}")),
    }
}

/// What an event stands for, if it was recorded.
fn recorded(streams: &Streams, event: usize) -> Option<(usize, u64)> {
    *streams.events.get(&event).unwrap_or_else(|| stop(&format!("there is no event {event:#x}")))
}

/// What is queued on a stream from now on waits for an event. One that was not recorded is no reason to wait.
pub(crate) fn wait(stream: usize, event: usize) {
    let mut streams = streams();
    if let Some((of, until)) = recorded(&streams, event).filter(|_| !options().without_waits) {
        streams.push(stream, Work::Wait { stream: of, until });
    }
}

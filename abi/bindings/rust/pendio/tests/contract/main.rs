//! What the safe level promises, on real sockets, files and threads.

mod end;
mod examples;
mod files;
mod sound;
mod streams;
mod tasks;
mod threads;

use pendio::{Completed, Event, Events, Loop};
use std::time::Duration;

/// Longer than anything takes that is going to happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// The next operation that the turn hands out.
fn next(event_loop: &Loop, events: &mut Events) -> Completed {
    loop {
        match events.pop_front() {
            Some(Event::Completed(completed)) => return completed,
            Some(Event::Posted { .. }) => {}
            None => {
                event_loop.turn(Some(PATIENCE), events).expect("a turn");
            }
        }
    }
}

/// An empty file's name, of this process and of this test.
fn scratch(name: &str) -> std::path::PathBuf {
    std::env::temp_dir().join(format!("pendio-rust-{}-{name}", std::process::id()))
}

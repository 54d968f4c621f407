//! What a context shows, and what is told of it.

use crate::{lines, Known, Subject};
use pendio::sys::*;
use pendio::Endpoint;
use std::fmt::Write;
use std::mem::size_of;

const POLICIES: [&str; 3] = ["auto", "try", "queue"];

const FLAGS: [(u32, &str); 4] = [
    (PENDIO_AUTO_PUT, "auto_put"),
    (PENDIO_PEEK, "peek"),
    (PENDIO_ZERO_COPY, "zero_copy"),
    (PENDIO_FIRST_DATA, "first_data"),
];

const ENDS: [(u32, &str); 8] = [
    (PENDIO_END_OF_STREAM, "end_of_stream"),
    (PENDIO_TRUNCATED, "truncated"),
    (PENDIO_CONTROL_TRUNCATED, "control_truncated"),
    (PENDIO_LENT, "lent"),
    (PENDIO_BY_CANCEL, "by_cancel"),
    (PENDIO_BY_DEADLINE, "by_deadline"),
    (PENDIO_BY_CLOSE, "by_close"),
    (PENDIO_COPIED, "copied"),
];

/// By pendio.h's numbers.
const OPERATIONS: [&str; 26] = [
    "none",
    "post",
    "nop",
    "timer",
    "accept",
    "connect",
    "receive",
    "send",
    "receive_from",
    "send_to",
    "open",
    "read",
    "write",
    "close",
    "fsync",
    "truncate",
    "stat",
    "rename",
    "unlink",
    "mkdir",
    "poll",
    "disconnect",
    "receive_message",
    "send_message",
    "send_packets",
    "splice",
];

fn number(out: &mut String, prefix: &str, key: &str, value: u64) {
    if value != 0 {
        write!(out, " {prefix}{key}={value}").unwrap();
    }
}

fn text(out: &mut String, key: &str, value: &str) {
    if !value.is_empty() {
        write!(out, " {key}={value}").unwrap();
    }
}

fn names(bits: u32, known: &[(u32, &'static str)]) -> String {
    let set = known.iter().filter(|one| bits & one.0 != 0).map(|one| one.1);
    set.collect::<Vec<_>>().join(",")
}

pub fn completion(
    out: &mut String,
    prefix: &str,
    told: &pendio_completion,
    user: u64,
    offset_of: impl Fn(u64) -> u64,
) {
    let operation = OPERATIONS.get(told.operation as usize).unwrap_or(&"none");
    write!(out, " {prefix}operation={operation}").unwrap();
    number(out, prefix, "handle", told.handle);
    number(out, prefix, "run", told.run);
    number(out, prefix, "user", user);
    number(out, prefix, "value", told.value);
    number(out, prefix, "bytes", told.bytes);
    number(out, prefix, "memory", offset_of(told.memory));
    if told.error != 0 {
        text(out, &format!("{prefix}error"), &lines::number_name(-told.error));
    }
    text(out, &format!("{prefix}flags"), &names(told.flags.into(), &ENDS));
}

impl Known {
    /// Of what is lent, which is the library's memory, the shared one has a copy.
    pub fn offset_of(&self, memory: *mut u8, memory_bytes: u64, at: u64) -> u64 {
        let offset = at.wrapping_sub(memory as u64);
        match at {
            0 => 0,
            _ if offset < memory_bytes => offset,
            _ => self.lend,
        }
    }
}

impl Subject {
    /// Also of a context under way.
    pub fn show(&mut self, place: usize) {
        let known = &self.contexts[place];
        let mut request =
            pendio_request { size: size_of::<pendio_request>() as u32, ..Default::default() };
        let mut was = pendio_completion::default();
        let mut sender = pendio_endpoint::default();
        // SAFETY: the pool and with it the context is there until `destroy`; they may be asked at
        // any time by the loop's thread, and fill in what is ours.
        let run = unsafe {
            pendio_context_request(known.raw, &mut request);
            pendio_context_result(known.raw, &mut was);
            pendio_context_sender(known.raw, &mut sender);
            pendio_context_run(known.raw)
        };
        let offset_of = |at| known.offset_of(self.memory, self.memory_bytes, at);
        let out = &mut self.out;
        write!(out, " busy={run}").unwrap();
        text(out, "set.policy", POLICIES[request.policy as usize]);
        text(out, "set.flags", &names(request.flags, &FLAGS));
        number(out, "set.", "deadline", request.deadline_ns);
        number(out, "set.", "user", known.user);
        number(out, "set.", "memory", offset_of(request.memory as u64));
        number(out, "set.", "bytes", request.byte_count);
        if request.window_offset != 0 || request.window_bytes != 0 {
            let (offset, bytes) = (request.window_offset, request.window_bytes);
            text(out, "set.window", &format!("{offset}+{bytes}"));
        }
        number(out, "set.", "lending", request.lending);
        text(out, "set.endpoint", &lines::tell_address(&Endpoint::from_raw(request.endpoint)));
        let was_user = if was.run == 0 { 0 } else { known.was_user };
        completion(out, "was.", &was, was_user, offset_of);
        text(out, "was.sender", &lines::tell_address(&Endpoint::from_raw(sender)));
        out.push('\n');
    }
}

//! The starts, by the safe level's calls of their names.

use crate::lines::{error, error_name, Line, EBUSY, EINVAL, ENOTSUP};
use crate::{mode, Answer, Subject};
use pendio::{Context, HandleId, Start, Started};
use std::time::Duration;

const O_RDWR: i32 = 2;
const O_CREAT: i32 = 0o100;
const O_TRUNC: i32 = 0o1000;

impl Subject {
    pub fn start(&mut self, line: &Line) -> Answer {
        if !line.has("context") {
            return Err(error(ENOTSUP));
        }
        let place = line.number("context") as usize - 1;
        let known = &mut self.contexts[place];
        let context = match known.context.take() {
            Some(context) => context,
            None => {
                let why = if known.is_taken { EBUSY } else { EINVAL };
                self.out += &format!("refused error={}", error_name(&error(why)));
                self.show(place);
                return Ok(());
            }
        };
        match start(context, line) {
            Ok(Started::Done(completed)) => {
                self.out.push_str("done");
                self.take_back(place, completed);
            }
            Ok(Started::Pending(pending)) => {
                self.out.push_str("pending");
                pending.leave();
            }
            Err(refused) => {
                self.out += &format!("refused error={}", error_name(refused.error()));
                self.contexts[place].context = Some(refused.into_context());
            }
        }
        self.show(place);
        Ok(())
    }
}

fn start(context: Context, line: &Line) -> Start {
    let handle = HandleId::from_raw(line.number("handle"));
    match line.word() {
        "nop" => context.nop(),
        "timer" => context.timer(Duration::from_nanos(line.number("after"))),
        "accept" => context.accept_into(handle, HandleId::from_raw(line.number("into"))),
        "connect" => context.connect(handle),
        "connect_name" => {
            context.connect_name_on(handle, line.text("host"), line.number("port") as u16)
        }
        "disconnect" => context.disconnect(handle, line.number("reuse") != 0),
        "receive" => context.receive(handle),
        "send" => context.send(handle),
        "receive_from" => context.receive_from(handle),
        "send_to" => context.send_to(handle),
        "poll" => context.poll_ready(handle, line.number("events") as u32),
        "close" => context.close(handle, mode(line)),
        _ => start_file(context, line, handle),
    }
}

fn start_file(context: Context, line: &Line, handle: HandleId) -> Start {
    let path = line.text("path");
    match line.word() {
        "open" => {
            let create = if line.number("create") != 0 { O_CREAT | O_TRUNC } else { 0 };
            context.open(path, O_RDWR | create, 0o600)
        }
        "read" => context.read(handle, line.offset("offset")),
        "write" => context.write(handle, line.offset("offset")),
        "fsync" => context.fsync(handle, line.number("data_only") != 0),
        "truncate" => context.truncate(handle, line.number("size")),
        "stat" if line.has("path") => context.stat_path(path),
        "stat" => context.stat(handle),
        "rename" => context.rename(path, line.text("target")),
        "unlink" if line.number("directory") != 0 => context.remove_directory(path),
        "unlink" => context.unlink(path),
        "mkdir" => context.make_directory(path, 0o700),
        "splice" => {
            let from = HandleId::from_raw(line.number("from"));
            let (from_offset, offset) = (line.offset("from_offset"), line.offset("offset"));
            context.splice(from, from_offset, handle, offset, line.number("bytes"))
        }
        // Nothing else is announced.
        _ => context.receive(HandleId::NONE),
    }
}

//! The safe level of the Rust binding as a subject of the harness: an adapter as SUBJECT.md asks
//! for.
//!
//! What a context shows is read back from the library, except the user data, which are the
//! binding's. That a context under way cannot be used is something the compiler sees to elsewhere:
//! here it is not at hand then, and EBUSY is what that comes to.

mod lines;
mod show;
mod starts;

use lines::Line;
use pendio::sys::pendio_context;
use pendio::{Close, Completed, Context, Event, Events, Handle, HandleId, Loop, LoopOptions};
use pendio::{Policy, Pool, Run};
use std::io::{self, BufRead, Write};
use std::os::raw::{c_int, c_void};
use std::os::unix::io::{FromRawFd, OwnedFd};
use std::time::Duration;

/// What is not announced: callbacks, which this binding does without; putting by itself, as dropping
/// does; vectors of foreign memory; and statistics, as what the compiler refuses no loop counts.
const CAN: &str = "nop,timer,accept,connect,connect_name,receive,send,receive_from,send_to,splice,\
                   open,read,write,fsync,truncate,stat,rename,unlink,mkdir,poll,disconnect,close,\
                   half_close,close_now,cancel,post,pipe,tcp4,tcp6,udp4,udp6,unix_stream,\
                   unix_datagram,unix_seqpacket,file,auto,try,queue,deadlines,lending,peek,\
                   zero_copy,first_data,prepared,reuse,abortive";

extern "C" {
    fn mmap(
        at: *mut c_void,
        bytes: usize,
        protection: c_int,
        flags: c_int,
        descriptor: c_int,
        offset: i64,
    ) -> *mut c_void;
    fn pipe2(ends: *mut c_int, flags: c_int) -> c_int;
}

/// One context of the library, by its number less 1.
struct Known {
    raw: *mut pendio_context,
    context: Option<Context>, // it is taken, and not under way
    is_taken: bool,
    slice: (u64, u64),
    lend: u64,
    user: u64,
    was_user: u64,
}

struct KnownPool {
    pool: Pool,
    memory: u64, // of the next slice
    slice_bytes: u64,
}

/// What there is besides the loop.
struct Subject {
    memory: *mut u8,
    memory_bytes: u64,
    lend: (u64, u64),
    context_room: u64,
    contexts: Vec<Known>,
    pools: Vec<KnownPool>,
    event_loop: Option<Loop>,
    events: Events,
    out: String,
}

/// An answer; an error is a refusal.
type Answer = io::Result<()>;

impl Subject {
    fn new() -> Subject {
        Subject {
            memory: std::ptr::null_mut(),
            memory_bytes: 0,
            lend: (0, 0),
            context_room: 1,
            contexts: Vec::new(),
            pools: Vec::new(),
            event_loop: None,
            events: Events::new(),
            out: String::new(),
        }
    }

    fn event_loop(&self) -> io::Result<&Loop> {
        self.event_loop.as_ref().ok_or_else(|| lines::error(lines::EINVAL))
    }

    fn command(&mut self, line: &Line) -> Answer {
        match line.word() {
            "hello" => self.hello(line),
            "loop" => self.make_loop(line),
            "pool" => self.make_pool(line),
            "get" => self.get(line),
            "put" => self.put(line),
            "set" => self.set(line),
            "turn" => self.turn(line),
            "cancel" => {
                self.event_loop()?.cancel(Run::from_raw(line.number("run")))?;
                self.ok()
            }
            "post" => {
                let remote = self.event_loop()?.remote();
                remote.post(line.number("user"), line.number("value"))?;
                self.ok()
            }
            "shutdown" => {
                self.event_loop()?.shutdown()?;
                self.ok()
            }
            "destroy" => self.destroy(),
            "pipe" => self.pipe(),
            "socket" => self.socket(line),
            "bind" | "listen" | "local" | "half_close" | "close_now" => self.handle(line),
            _ => self.start(line),
        }
    }

    fn ok(&mut self) -> Answer {
        self.out.push_str("ok\n");
        Ok(())
    }

    fn hello(&mut self, line: &Line) -> Answer {
        const READ_AND_WRITE: c_int = 3;
        const SHARED: c_int = 1;
        const DESCRIPTOR: c_int = 3;
        self.memory_bytes = line.number("memory");
        self.lend = line.range("lend");
        // SAFETY: a new mapping, of what the harness has opened for this.
        let mapped = unsafe {
            mmap(
                std::ptr::null_mut(),
                self.memory_bytes as usize,
                READ_AND_WRITE,
                SHARED,
                DESCRIPTOR,
                0,
            )
        };
        if mapped as isize == -1 {
            return Err(io::Error::last_os_error());
        }
        self.memory = mapped.cast();
        let version = env!("CARGO_PKG_VERSION");
        self.out += &format!("ok protocol=1 name=pendio-rust version={version} can={CAN}\n");
        Ok(())
    }

    fn make_loop(&mut self, line: &Line) -> Answer {
        let options = LoopOptions {
            operation_count: line.number("operations") as u32,
            handle_count: line.number("handles") as u32,
            done_budget: line.number("budget") as u32,
            buffer_bytes: line.number("buffer_bytes") as u32,
            buffer_count: line.number("buffer_count") as u32,
            collect_bytes: line.number("collect_bytes") as u32,
            collect_count: line.number("collect_count") as u32,
            ..Default::default()
        };
        self.context_room = line.number("operations").max(1);
        match Loop::with(&options) {
            Ok(event_loop) => {
                self.event_loop = Some(event_loop);
                self.ok()
            }
            Err(error) => {
                let name = lines::error_name(&error);
                let because = pendio::explain(&error);
                self.out += &format!("refused error={name} because={because}\n");
                Ok(())
            }
        }
    }

    /// The arena is the shared memory: the pool's own is none of it.
    fn make_pool(&mut self, line: &Line) -> Answer {
        let pool = self.event_loop()?.pool(line.number("contexts") as u32, 0)?;
        let (memory, slice_bytes) = (line.number("memory"), line.number("slice"));
        self.pools.push(KnownPool { pool, memory, slice_bytes });
        self.out += &format!("ok pool={}\n", self.pools.len());
        Ok(())
    }

    fn get(&mut self, line: &Line) -> Answer {
        let pool = &mut self.pools[line.number("pool") as usize - 1];
        let context = pool.pool.get()?;
        let raw = context.as_raw();
        let found = self.contexts.iter().position(|known| known.raw == raw);
        let place = found.unwrap_or_else(|| {
            let place = self.contexts.len();
            self.contexts.push(Known {
                raw,
                context: None,
                is_taken: true,
                slice: (if pool.slice_bytes > 0 { pool.memory } else { 0 }, pool.slice_bytes),
                lend: self.lend.0 + place as u64 * (self.lend.1 / self.context_room),
                user: 0,
                was_user: 0,
            });
            pool.memory += pool.slice_bytes;
            place
        });
        let known = &mut self.contexts[place];
        known.is_taken = true;
        known.user = 0;
        let slice = known.slice;
        let context = known.context.insert(context);
        set_memory(context, self.memory, slice)?;
        self.out += &format!("ok context={}", place + 1);
        self.show(place);
        Ok(())
    }

    fn put(&mut self, line: &Line) -> Answer {
        let known = &mut self.contexts[line.number("context") as usize - 1];
        if known.context.take().is_none() {
            let why = if known.is_taken { lines::EBUSY } else { lines::EALREADY };
            return Err(lines::error(why));
        }
        known.is_taken = false;
        self.ok()
    }

    fn set(&mut self, line: &Line) -> Answer {
        let place = line.number("context") as usize - 1;
        let known = &mut self.contexts[place];
        let context = known.context.as_mut().ok_or_else(|| lines::error(lines::EBUSY))?;
        if line.has("policy") {
            context.set_policy(match line.text("policy") {
                "auto" => Policy::Auto,
                "try" => Policy::Try,
                _ => Policy::Queue,
            })?;
        }
        if line.has("flags") {
            let names: Vec<_> = line.text("flags").split(',').collect();
            context.set_peek(names.contains(&"peek"))?;
            context.set_zero_copy(names.contains(&"zero_copy"))?;
            context.set_first_data(names.contains(&"first_data"))?;
        }
        if line.has("deadline") {
            context.set_deadline(Duration::from_nanos(line.number("deadline")))?;
        }
        if line.has("user") {
            known.user = line.number("user");
            context.set_user_data(known.user);
        }
        if line.has("slice") {
            set_memory(context, self.memory, known.slice)?;
        }
        if line.has("memory") {
            set_memory(context, self.memory, line.range("memory"))?;
        }
        if line.has("lending") {
            context.set_lending()?;
        }
        if line.has("window") {
            let (offset, bytes) = line.range("window");
            context.set_window(offset as usize, bytes as usize)?;
        }
        if line.has("endpoint") {
            context.set_endpoint(line.address("endpoint")?)?;
        }
        self.out.push_str("ok");
        self.show(place);
        Ok(())
    }

    fn turn(&mut self, line: &Line) -> Answer {
        let mut events = std::mem::take(&mut self.events);
        let timeout = Duration::from_nanos(line.number("timeout"));
        let count = line.number("count") as usize;
        let turned = self.event_loop()?.turn_at_most(count, Some(timeout), &mut events);
        for event in events.drain(..) {
            match event {
                Event::Completed(completed) => self.told(completed),
                Event::Posted { user_data, value } => {
                    self.out += &format!("posted user={user_data} value={value}\n");
                }
            }
        }
        self.events = events;
        match turned {
            Ok(_) => self.out.push_str("end\n"),
            Err(error) => self.out += &format!("end error={}\n", lines::error_name(&error)),
        }
        Ok(())
    }

    fn told(&mut self, completed: Completed) {
        let raw = completed.context().as_raw();
        let place = self.contexts.iter().position(|known| known.raw == raw);
        let place = place.expect("only known ones were started");
        self.out += &format!("told context={}", place + 1);
        show::completion(&mut self.out, "", completed.record(), completed.user_data(), |memory| {
            self.contexts[place].offset_of(self.memory, self.memory_bytes, memory)
        });
        self.take_back(place, completed);
        self.show(place);
    }

    /// Its context is at hand again; what it brought goes on by its number.
    fn take_back(&mut self, place: usize, mut completed: Completed) {
        let known = &mut self.contexts[place];
        known.was_user = completed.user_data();
        if let Ok(handle) = completed.take_handle() {
            handle.release();
        }
        if completed.flags() & pendio::sys::PENDIO_LENT != 0 {
            let room = (self.lend.1 / self.context_room) as usize;
            let data = completed.data();
            let count = data.len().min(room);
            // SAFETY: that part of the shared memory is for what this context is lent.
            unsafe {
                let target = self.memory.add(known.lend as usize);
                std::ptr::copy_nonoverlapping(data.as_ptr(), target, count);
            }
        }
        known.context = Some(completed.into_context());
    }

    fn destroy(&mut self) -> Answer {
        self.contexts.clear();
        self.pools.clear();
        let leaked = self.event_loop.take().map_or(0, Loop::end);
        self.out += &format!("ok leaked={leaked}\n");
        Ok(())
    }

    fn socket(&mut self, line: &Line) -> Answer {
        let (family, kind) = line.family()?;
        let handle = self.event_loop()?.socket(family, kind, 0)?.release();
        self.out += &format!("ok handle={}\n", handle.raw());
        Ok(())
    }

    fn pipe(&mut self) -> Answer {
        const O_CLOEXEC: c_int = 0o2000000;
        let mut ends = [-1; 2];
        // SAFETY: it fills in two descriptors, which then are ours.
        let [from, to] = unsafe {
            if pipe2(ends.as_mut_ptr(), O_CLOEXEC) < 0 {
                return Err(io::Error::last_os_error());
            }
            [OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])]
        };
        let event_loop = self.event_loop()?;
        let (from, to) = (event_loop.adopt(from)?, event_loop.adopt(to)?);
        let (from, to) = (from.release().raw(), to.release().raw());
        self.out += &format!("ok read={from} write={to}\n");
        Ok(())
    }

    /// The handle is at hand for this one call.
    fn handle(&mut self, line: &Line) -> Answer {
        let handle = self.event_loop()?.claim(HandleId::from_raw(line.number("handle")));
        if line.word() == "close_now" {
            handle.close_now(mode(line))?;
            return self.ok();
        }
        let answer = call(&handle, line);
        handle.release();
        self.out += &answer?;
        Ok(())
    }
}

fn call(handle: &Handle, line: &Line) -> io::Result<String> {
    match line.word() {
        "bind" => handle.bind(line.address("address")?)?,
        "listen" => handle.listen(line.number("backlog") as u32)?,
        "half_close" => handle.shutdown(std::net::Shutdown::Write)?,
        _ => return Ok(format!("ok address={}\n", lines::tell_address(&handle.local()?))),
    }
    Ok("ok\n".into())
}

fn mode(line: &Line) -> Close {
    match line.text("mode") {
        "abortive" => Close::Abortive,
        _ => Close::Graceful,
    }
}

fn set_memory(context: &mut Context, memory: *mut u8, range: (u64, u64)) -> Answer {
    if range.0 == 0 {
        return context.set_no_memory();
    }
    // SAFETY: of the shared memory, which is mapped to the end; the harness keeps away from it while
    // an operation is under way, and nothing here looks at it.
    unsafe { context.set_foreign_memory(memory.add(range.0 as usize), range.1 as usize) }
}

fn main() -> io::Result<()> {
    let mut subject = Subject::new();
    let mut output = io::stdout();
    for text in io::stdin().lock().lines() {
        let text = text?;
        subject.out.clear();
        if let Err(error) = subject.command(&Line::new(&text)) {
            subject.out += &format!("refused error={}\n", lines::error_name(&error));
        }
        output.write_all(subject.out.as_bytes())?;
        output.flush()?;
    }
    Ok(())
}

//! The loop: one ring, what is under way on it, and the turn that hands back what is over.

use crate::context::Context;
use crate::endpoint::Endpoint;
use crate::error::{check, error, EBUSY};
use crate::handle::{Handle, HandleId};
use crate::operation::{Completed, Event, Events, Run};
use crate::pool::Pool;
use crate::remote::Remote;
use crate::table::{Delivery, Entry, Table};
use crate::tasks::Tasks;
use pendio_sys as sys;
use std::cell::{Cell, RefCell};
use std::ffi::CString;
use std::io;
use std::os::raw::c_int;
use std::os::unix::io::{AsRawFd, BorrowedFd, IntoRawFd, OwnedFd};
use std::ptr::{null, NonNull};
use std::rc::Rc;
use std::task::Waker;
use std::time::{Duration, Instant};

/// Records of one turn at most.
const RECORD_COUNT: usize = 256;
/// How long the end of a loop waits for what was cancelled.
const DRAIN: Duration = Duration::from_secs(5);

/// What a loop is made with; 0 is the default everywhere. `pendio.h` says more of each.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use pendio::{Loop, LoopOptions};
/// let event_loop = Loop::with(&LoopOptions { operation_count: 64, ..Default::default() })?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct LoopOptions {
    pub operation_count: u32,
    pub handle_count: u32,
    pub done_budget: u32,
    pub post_count: u32,
    pub timer_slack: Duration,
    pub name_servers: Option<CString>,
    pub buffer_bytes: u32,
    pub buffer_count: u32,
    pub collect_bytes: u32,
    pub collect_count: u32,
    pub allowed_operations: u64,
    pub spin: Duration,
    pub batch: Duration,
    pub batch_count: u32,
}

impl LoopOptions {
    /// What it points to is this structure's.
    fn to_c(&self) -> sys::pendio_loop_options {
        sys::pendio_loop_options {
            size: std::mem::size_of::<sys::pendio_loop_options>() as u32,
            operation_count: self.operation_count,
            handle_count: self.handle_count,
            done_budget: self.done_budget,
            post_count: self.post_count,
            timer_slack_ns: nanoseconds(self.timer_slack),
            name_servers: self.name_servers.as_ref().map_or(null(), |text| text.as_ptr()),
            buffer_bytes: self.buffer_bytes,
            buffer_count: self.buffer_count,
            collect_bytes: self.collect_bytes,
            collect_count: self.collect_count,
            allowed_operations: self.allowed_operations,
            spin_ns: nanoseconds(self.spin),
            batch_ns: nanoseconds(self.batch),
            batch_count: self.batch_count,
            ..Default::default()
        }
    }
}

/// What does not fit is as good as no limit.
pub(crate) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// One io_uring ring and everything attached to it, which belongs to the thread that makes it: it
/// cannot be sent to another, nor can anything of it but a [`Remote`].
///
/// When it is dropped, everything under way is cancelled and waited for, at most five seconds;
/// memory of what is not over by then is never freed. Contexts and handles may outlive it: their
/// calls are refused then.
pub struct Loop {
    pub(crate) core: Rc<Core>,
}

/// What pools, contexts and handles share. The library's loop ends with the last of them.
pub(crate) struct Core {
    raw: NonNull<sys::pendio_loop>,
    remote: Remote,
    pub(crate) table: RefCell<Table>,
    pub(crate) tasks: Tasks,
    records: Cell<Vec<sys::pendio_completion>>, // empty: a turn has them
    wakers: Cell<Vec<Waker>>,                   // of a turn; kept for their room
    later: RefCell<Events>,                     // that came while something else was waited for
    has_ended: Cell<bool>,                      // nobody turns it any more
}

impl Loop {
    /// With everything as it is by default. [`explain`](crate::explain) says what an error means.
    pub fn new() -> io::Result<Loop> {
        Loop::with(&LoopOptions::default())
    }

    pub fn with(options: &LoopOptions) -> io::Result<Loop> {
        let options = options.to_c();
        let mut raw = std::ptr::null_mut();
        // SAFETY: the options and what they point to stay until it returns.
        check(unsafe { sys::pendio_loop_create(&options, &mut raw) })?;
        let raw = NonNull::new(raw).expect("a loop that was made is there");
        let remote = Remote::new(raw);
        let core = Core {
            raw,
            tasks: Tasks::new(remote.clone()),
            remote,
            table: RefCell::default(),
            records: Cell::new(vec![Default::default(); RECORD_COUNT]),
            wakers: Cell::default(),
            later: RefCell::default(),
            has_ended: Cell::default(),
        };
        Ok(Loop { core: Rc::new(core) })
    }

    /// For other threads: to wake this loop, and to send it messages.
    pub fn remote(&self) -> Remote {
        self.core.remote.clone()
    }

    /// `count` contexts, each with memory of `slice_bytes`.
    pub fn pool(&self, count: u32, slice_bytes: usize) -> io::Result<Pool> {
        Pool::new(&self.core, count, slice_bytes)
    }

    /// Submits what was started, sleeps until something is over, at most `timeout` (`None`: no
    /// limit), and adds what is to `events`. Whoever holds a [`Pending`](crate::Pending) finds it
    /// there instead. Returns how many operations and messages there were of either kind, also 0.
    pub fn turn(&self, timeout: Option<Duration>, events: &mut Events) -> io::Result<usize> {
        self.turn_at_most(RECORD_COUNT, timeout, events)
    }

    /// As [`turn`](Loop::turn), of at most `count` operations and messages.
    pub fn turn_at_most(
        &self,
        count: usize,
        timeout: Option<Duration>,
        events: &mut Events,
    ) -> io::Result<usize> {
        let mut later = self.core.later.borrow_mut();
        if !later.is_empty() {
            let count = count.min(later.len());
            events.extend(later.drain(..count));
            return Ok(count);
        }
        drop(later);
        self.core.turn(count, timeout, events)
    }

    /// Submits what was started, without waiting.
    pub fn flush(&self) -> io::Result<()> {
        // SAFETY: nothing but the loop, on its thread; so are the next ones.
        check(unsafe { sys::pendio_loop_flush(self.as_raw()) }).map(drop)
    }

    /// Asks for the end of a run. Its completion comes all the same, and says whether it was real
    /// or [by this](Completed::is_by_cancel). [`NotFound`](io::ErrorKind::NotFound) when it is not
    /// under way (any more).
    pub fn cancel(&self, run: Run) -> io::Result<()> {
        self.core.cancel(run)
    }

    /// Refuses new starts from now on and cancels everything under way. Go on turning until
    /// [`is_shutdown`](crate::is_shutdown) of the error; or just drop the loop.
    pub fn shutdown(&self) -> io::Result<()> {
        check(unsafe { sys::pendio_loop_shutdown(self.as_raw()) }).map(drop)
    }

    /// Readable whenever a turn would find something: another event loop can host this one.
    pub fn descriptor(&self) -> io::Result<BorrowedFd<'_>> {
        let descriptor = check(unsafe { sys::pendio_loop_descriptor(self.as_raw()) })?;
        // SAFETY: open as long as the loop.
        Ok(unsafe { BorrowedFd::borrow_raw(descriptor) })
    }

    pub fn statistics(&self) -> io::Result<sys::pendio_loop_statistics> {
        let size = std::mem::size_of::<sys::pendio_loop_statistics>() as u32;
        let mut statistics = sys::pendio_loop_statistics { size, ..Default::default() };
        // SAFETY: it writes as much as `size` says.
        check(unsafe { sys::pendio_loop_stats(self.as_raw(), &mut statistics) })?;
        Ok(statistics)
    }

    /// As socket(2), with its numbers.
    pub fn socket(&self, family: c_int, kind: c_int, protocol: c_int) -> io::Result<Handle> {
        let raw = self.as_raw();
        // SAFETY: it fills in a number of ours.
        self.made(|id| unsafe { sys::pendio_handle_socket(raw, family, kind, protocol, id) })
    }

    /// Takes over a descriptor: a socket or file of the standard library, or whatever else.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # let event_loop = pendio::Loop::new()?;
    /// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// let listener = event_loop.adopt(listener)?;
    /// println!("{:?}", listener.local()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn adopt(&self, descriptor: impl Into<OwnedFd>) -> io::Result<Handle> {
        let descriptor = descriptor.into();
        let (raw, number) = (self.as_raw(), descriptor.as_raw_fd());
        // SAFETY: as above; where it is refused the descriptor is still ours, and closed.
        let handle = self.made(|id| unsafe { sys::pendio_handle_adopt(raw, number, id) })?;
        let _ = descriptor.into_raw_fd();
        Ok(handle)
    }

    /// Of a handle by its name: whoever claims one closes it.
    pub fn claim(&self, id: HandleId) -> Handle {
        Handle::new(self.core.clone(), id)
    }

    /// A TCP socket that listens, at a port of its own if that is 0.
    pub fn listen(&self, address: impl Into<Endpoint>, backlog: u32) -> io::Result<Handle> {
        const SOCK_STREAM: c_int = 1;
        let address = address.into();
        let family = address.family().unwrap_or(0);
        let handle = self.socket(family.into(), SOCK_STREAM, 0)?;
        handle.set_reuse_address(true)?;
        handle.bind(address)?;
        handle.listen(backlog)?;
        Ok(handle)
    }

    /// Ends it as dropping it does, and tells of how many operations the kernel has not let go:
    /// their memory is never freed.
    pub fn end(self) -> usize {
        let core = self.core.clone();
        drop(self);
        let count = core.table.borrow().under_way();
        count
    }

    /// What is still under way afterwards stays in the table, which then nobody frees.
    fn drain(&self) {
        self.core.tasks.clear();
        self.core.has_ended.set(true);
        let until = Instant::now() + DRAIN;
        let mut events = self.core.later.take();
        // SAFETY: nothing but the loop, on its thread.
        let mut status = check(unsafe { sys::pendio_loop_shutdown(self.as_raw()) });
        while status.is_ok() && Instant::now() < until {
            events.clear();
            let left = until.saturating_duration_since(Instant::now());
            status = self.core.turn(RECORD_COUNT, Some(left), &mut events).map(|_| 0);
        }
    }

    /// For calls of `pendio_sys` that nothing here makes.
    pub fn as_raw(&self) -> *mut sys::pendio_loop {
        self.core.raw()
    }

    fn made(&self, call: impl FnOnce(*mut u64) -> c_int) -> io::Result<Handle> {
        let mut id = 0;
        check(call(&mut id))?;
        Ok(self.claim(HandleId::from_raw(id)))
    }
}

/// Everything that the loop holds is let go here, as it holds the loop.
impl Drop for Loop {
    fn drop(&mut self) {
        self.drain();
    }
}

impl Core {
    pub(crate) fn raw(&self) -> *mut sys::pendio_loop {
        self.raw.as_ptr()
    }

    pub(crate) fn cancel(&self, run: Run) -> io::Result<()> {
        // SAFETY: nothing but numbers; one that is over is refused.
        check(unsafe { sys::pendio_cancel(self.raw(), run.raw()) }).map(drop)
    }

    pub(crate) fn turn(
        &self,
        count: usize,
        timeout: Option<Duration>,
        events: &mut Events,
    ) -> io::Result<usize> {
        let mut records = self.records.take();
        if records.is_empty() {
            return Err(error(EBUSY));
        }
        let count = count.min(records.len()) as u32;
        let limit = timeout.map_or(-1, |time| i64::try_from(nanoseconds(time)).unwrap_or(i64::MAX));
        // SAFETY: there is room for `count` records.
        let status =
            unsafe { sys::pendio_loop_turn(self.raw(), limit, records.as_mut_ptr(), count) };
        let mut wakers = self.wakers.take();
        for record in &records[..status.max(0) as usize] {
            self.deliver(record, events, &mut wakers);
        }
        self.records.set(records);
        // What these do is none of ours: everything is in its place again.
        wakers.drain(..).for_each(Waker::wake);
        self.wakers.set(wakers);
        check(status).map(|count| count as usize)
    }

    fn deliver(
        &self,
        record: &sys::pendio_completion,
        events: &mut Events,
        wakers: &mut Vec<Waker>,
    ) {
        if record.context.is_null() {
            events.push_back(Event::Posted { user_data: record.user_data, value: record.value });
            return;
        }
        let delivery = self.table.borrow_mut().deliver(record);
        match delivery {
            Delivery::Kept(waker) => wakers.extend(waker),
            Delivery::Handed(context) => {
                events.push_back(Event::Completed(Completed::new(context, *record)));
            }
            Delivery::Unwanted(context) => drop(Completed::new(context, *record)),
        }
    }

    pub(crate) fn keep_for_later(&self, events: &mut Events) {
        self.later.borrow_mut().append(events);
    }

    /// Where no turn is to come any more there is nobody to hand it to.
    pub(crate) fn hand_out_later(&self, completed: Completed) {
        if !self.has_ended.get() {
            self.later.borrow_mut().push_back(Event::Completed(completed));
        }
    }

    /// The result, if it is there; else the waker is called when it is.
    pub(crate) fn poll(&self, place: u32, waker: &Waker) -> Option<sys::pendio_completion> {
        let record = self.table.borrow_mut().take(place);
        if record.is_some() || self.table.borrow().will_wake(place, waker) {
            return record;
        }
        match self.replace(place, Entry::Held(Some(waker.clone()))) {
            Entry::Over(record) => {
                // To clone it has taken a turn.
                drop(self.replace(place, Entry::Idle));
                Some(record)
            }
            _ => None,
        }
    }

    /// Whoever held it does not: unless it is over it goes on, and the table has it.
    pub(crate) fn leave(&self, context: Context, is_wanted: bool) -> Option<Completed> {
        let place = context.place();
        let record = self.table.borrow_mut().take(place);
        if let Some(record) = record {
            return Some(Completed::new(context, record));
        }
        let entry = if is_wanted { Entry::Left } else { Entry::Unwanted };
        drop(self.replace(place, entry(context)));
        None
    }

    fn replace(&self, place: u32, entry: Entry) -> Entry {
        self.table.borrow_mut().replace(place, entry)
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.remote.end();
        // SAFETY: neither contexts nor pools of it are left, so that no memory but its own is used.
        unsafe { sys::pendio_loop_destroy(self.raw(), 0, std::ptr::null_mut()) };
    }
}

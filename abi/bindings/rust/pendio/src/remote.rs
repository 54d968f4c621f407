//! What other threads may do to a loop: wake it, send it messages, be told as a target of moves.

use crate::error::{check, error, ESHUTDOWN};
use pendio_sys::{pendio_loop, pendio_loop_post, pendio_loop_wake};
use std::io;
use std::os::raw::c_int;
use std::ptr::NonNull;
use std::sync::{Arc, PoisonError, RwLock};
use std::task::Wake;

/// A loop as seen by other threads. It does not keep the loop alive: when that has ended, every
/// call is refused with `ESHUTDOWN`.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// let (event_loop, mut events) = (pendio::Loop::new()?, pendio::Events::new());
/// let remote = event_loop.remote();
/// std::thread::spawn(move || remote.post(7, 99)).join().unwrap()?;
/// event_loop.turn(None, &mut events)?;
/// assert!(matches!(events[0], pendio::Event::Posted { user_data: 7, value: 99 }));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Remote(Arc<Shared>);

struct Target(NonNull<pendio_loop>);

// SAFETY: through it only what any thread of the process may call is called, while the lock holds
// off the end of the loop.
unsafe impl Send for Target {}
unsafe impl Sync for Target {}

struct Shared(RwLock<Option<Target>>);

impl Remote {
    pub(crate) fn new(raw: NonNull<pendio_loop>) -> Remote {
        Remote(Arc::new(Shared(RwLock::new(Some(Target(raw))))))
    }

    /// No call is under way when this returns, and none will be made.
    pub(crate) fn end(&self) {
        *self.0 .0.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The loop is not destroyed before `call` returns.
    pub(crate) fn with(&self, call: impl FnOnce(*mut pendio_loop) -> c_int) -> io::Result<c_int> {
        self.0.with(call)
    }

    /// Makes the loop's turn return, now or the next time it would sleep.
    pub fn wake(&self) -> io::Result<()> {
        // SAFETY: any thread may do so while the loop is there.
        self.with(|raw| unsafe { pendio_loop_wake(raw) }).map(drop)
    }

    /// Sends the loop a message, which comes as an [`Event::Posted`](crate::Event::Posted).
    /// `EAGAIN` ([`WouldBlock`](io::ErrorKind::WouldBlock)) when too many wait.
    pub fn post(&self, user_data: u64, value: u64) -> io::Result<()> {
        // SAFETY: as above.
        self.with(|raw| unsafe { pendio_loop_post(raw, user_data, value) }).map(drop)
    }

    /// A waker that does nothing but [`wake`](Remote::wake).
    pub fn waker(&self) -> std::task::Waker {
        self.0.clone().into()
    }
}

impl Shared {
    fn with(&self, call: impl FnOnce(*mut pendio_loop) -> c_int) -> io::Result<c_int> {
        match &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            Some(target) => check(call(target.0.as_ptr())),
            None => Err(error(ESHUTDOWN)),
        }
    }
}

impl Wake for Shared {
    fn wake(self: Arc<Self>) {
        Remote(self).wake().unwrap_or(()) // a loop that is no more needs no waking
    }
}

//! Handles: what names a descriptor of a loop, and who closes it.

use crate::endpoint::Endpoint;
use crate::error::check;
use crate::event_loop::Core;
use pendio_sys as sys;
use std::fmt;
use std::io;
use std::net::Shutdown;
use std::os::raw::{c_int, c_void};
use std::os::unix::io::{FromRawFd, OwnedFd};
use std::rc::Rc;

/// Names a descriptor of one loop. A stale one, or one of another loop, is refused with `EBADF`:
/// numbers are never used again.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct HandleId(u64);

impl HandleId {
    /// No handle.
    pub const NONE: HandleId = HandleId(0);

    pub fn from_raw(raw: u64) -> HandleId {
        HandleId(raw)
    }

    pub fn raw(self) -> u64 {
        self.0
    }
}

impl From<&Handle> for HandleId {
    fn from(handle: &Handle) -> HandleId {
        handle.id
    }
}

/// How to close a handle.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Close {
    /// Started sends finish, then FIN; unread data never turn it into a RST.
    Graceful = sys::PENDIO_GRACEFUL as isize,
    /// Everything is cancelled, then RST.
    Abortive = sys::PENDIO_ABORTIVE as isize,
}

/// A descriptor of a loop, closed (gracefully, without waiting) when this is dropped.
pub struct Handle {
    id: HandleId,
    core: Rc<Core>,
}

impl Handle {
    pub(crate) fn new(core: Rc<Core>, id: HandleId) -> Handle {
        Handle { id, core }
    }

    pub fn id(&self) -> HandleId {
        self.id
    }

    /// Goes on by its name alone: nobody closes it but the end of the loop, or who
    /// [claims](crate::Loop::claim) it.
    pub fn release(mut self) -> HandleId {
        std::mem::take(&mut self.id)
    }

    /// As bind(2).
    pub fn bind(&self, address: impl Into<Endpoint>) -> io::Result<()> {
        let address = address.into();
        let bytes = address.as_bytes();
        // SAFETY: the address is copied.
        self.call(|raw, id| unsafe {
            sys::pendio_handle_bind(raw, id, bytes.as_ptr().cast(), bytes.len() as u32)
        })
    }

    /// As listen(2).
    pub fn listen(&self, backlog: u32) -> io::Result<()> {
        // SAFETY: nothing but numbers; so are the next ones.
        self.call(|raw, id| unsafe { sys::pendio_handle_listen(raw, id, backlog) })
    }

    /// As shutdown(2).
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        let how = match how {
            Shutdown::Read => 0,
            Shutdown::Write => 1,
            Shutdown::Both => 2,
        };
        self.call(|raw, id| unsafe { sys::pendio_handle_shutdown(raw, id, how) })
    }

    /// Whether small pieces of a TCP stream go at once.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        const IPPROTO_TCP: c_int = 6;
        const TCP_NODELAY: c_int = 1;
        self.set_flag(IPPROTO_TCP, TCP_NODELAY, nodelay)
    }

    /// Whether a port can be bound that was in use a moment ago.
    pub fn set_reuse_address(&self, reuse: bool) -> io::Result<()> {
        const SOL_SOCKET: c_int = 1;
        const SO_REUSEADDR: c_int = 2;
        self.set_flag(SOL_SOCKET, SO_REUSEADDR, reuse)
    }

    /// As getsockname(2).
    pub fn local(&self) -> io::Result<Endpoint> {
        let mut endpoint = Endpoint(Default::default());
        // SAFETY: it fills in an endpoint of ours.
        self.call(|raw, id| unsafe { sys::pendio_handle_local(raw, id, &mut endpoint.0) })?;
        Ok(endpoint)
    }

    /// As getpeername(2).
    pub fn peer(&self) -> io::Result<Endpoint> {
        let mut endpoint = Endpoint(Default::default());
        // SAFETY: as above.
        self.call(|raw, id| unsafe { sys::pendio_handle_peer(raw, id, &mut endpoint.0) })?;
        Ok(endpoint)
    }

    /// Closes it without a context: nothing is delivered.
    pub fn close_now(self, how: Close) -> io::Result<()> {
        // SAFETY: nothing but numbers.
        self.call(|raw, id| unsafe { sys::pendio_handle_close(raw, id, how as u32) })
    }

    /// Takes the descriptor back. An error, and the handle as it was, when something is under way
    /// on it or was collected for it.
    pub fn detach(self) -> Result<OwnedFd, (Handle, io::Error)> {
        let mut descriptor = -1;
        // SAFETY: it fills in a number of ours.
        match self.call(|raw, id| unsafe { sys::pendio_handle_detach(raw, id, &mut descriptor) }) {
            // SAFETY: open, and nobody's but ours from now on.
            Ok(()) => Ok(unsafe { OwnedFd::from_raw_fd(descriptor) }),
            Err(error) => Err((self, error)),
        }
    }

    fn set_flag(&self, level: c_int, name: c_int, value: bool) -> io::Result<()> {
        let value = c_int::from(value);
        // SAFETY: the value is a number of ours, and copied.
        self.call(|raw, id| unsafe {
            let value = (&value as *const c_int).cast::<c_void>();
            sys::pendio_handle_set_option(raw, id, level, name, value, 4)
        })
    }

    fn call(&self, call: impl FnOnce(*mut sys::pendio_loop, u64) -> c_int) -> io::Result<()> {
        check(call(self.core.raw(), self.id.0)).map(drop)
    }
}

/// One that is closed already, or of a loop that shut down, needs no closing.
impl Drop for Handle {
    fn drop(&mut self) {
        if self.id != HandleId::NONE {
            // SAFETY: nothing but numbers.
            let _ = self
                .call(|raw, id| unsafe { sys::pendio_handle_close(raw, id, sys::PENDIO_GRACEFUL) });
        }
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Handle({:#x})", self.id.0)
    }
}

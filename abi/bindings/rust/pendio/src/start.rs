//! The starts: each takes its context, and gives it back done, pending or refused.
//!
//! What results and refusals mean is in `pendio.h`.

use crate::context::Context;
use crate::error::{error, EINVAL};
use crate::handle::{Close, HandleId};
use crate::operation::{Completed, Pending, Refused, Start, Started};
use crate::remote::Remote;
use pendio_sys as sys;
use std::os::raw::{c_char, c_int};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

/// As an offset: where the position of the file stands.
pub const STREAMING: u64 = sys::PENDIO_STREAMING;

// SAFETY of all calls here: the context is ours and not under way; handles are numbers of which any
// may be refused; names are the context's until its operation is over, and so is its memory.
impl Context {
    /// Does nothing, by way of the kernel.
    pub fn nop(self) -> Start {
        let event_loop = self.core().raw();
        self.start(|context| unsafe { sys::pendio_nop(context, event_loop) })
    }

    /// Lets time pass.
    pub fn timer(self, after: Duration) -> Start {
        let after = crate::event_loop::nanoseconds(after);
        self.start(|context| unsafe { sys::pendio_timer(context, after) })
    }

    /// Accepts a connection, as a new handle.
    pub fn accept(self, listener: impl Into<HandleId>) -> Start {
        let listener = listener.into().raw();
        self.start_making(|context| unsafe { sys::pendio_accept(context, listener, 0) })
    }

    /// Accepts a connection in place of a socket that was prepared for it.
    pub fn accept_into(self, listener: impl Into<HandleId>, into: impl Into<HandleId>) -> Start {
        let (listener, into) = (listener.into().raw(), into.into().raw());
        if into == 0 {
            return self.accept(HandleId::from_raw(listener));
        }
        self.start(|context| unsafe { sys::pendio_accept(context, listener, into) })
    }

    /// Connects to the context's endpoint.
    pub fn connect(self, handle: impl Into<HandleId>) -> Start {
        let handle = handle.into().raw();
        self.start(|context| unsafe { sys::pendio_connect(context, handle) })
    }

    /// Connects to a host by name, whose addresses are raced, as a new handle.
    pub fn connect_name(self, host: &str, port: u16) -> Start {
        self.start_named(true, &[host.as_bytes()], |context, host, _| unsafe {
            sys::pendio_connect_name(context, 0, host, port)
        })
    }

    /// The same with a socket of one's own.
    pub fn connect_name_on(self, handle: impl Into<HandleId>, host: &str, port: u16) -> Start {
        let handle = handle.into().raw();
        self.start_named(handle == 0, &[host.as_bytes()], |context, host, _| unsafe {
            sys::pendio_connect_name(context, handle, host, port)
        })
    }

    /// Ends a connection and keeps the handle, with `reuse` for another connection.
    pub fn disconnect(self, handle: impl Into<HandleId>, reuse: bool) -> Start {
        let handle = handle.into().raw();
        let flags = if reuse { sys::PENDIO_REUSE } else { 0 };
        self.start(|context| unsafe { sys::pendio_disconnect(context, handle, flags) })
    }

    /// Receives what has arrived.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use std::{io::Write, os::unix::net::UnixStream};
    /// # let event_loop = pendio::Loop::new()?;
    /// let (here, mut there) = UnixStream::pair()?;
    /// let here = event_loop.adopt(here)?;
    /// there.write_all(b"text")?;
    /// let context = event_loop.pool(1, 64)?.get()?;
    /// let completed = event_loop.block_on(context.receive(&here)?)?;
    /// assert_eq!(completed.data(), b"text");
    /// # Ok(())
    /// # }
    /// ```
    pub fn receive(self, handle: impl Into<HandleId>) -> Start {
        let handle = handle.into().raw();
        self.start(|context| unsafe { sys::pendio_receive(context, handle) })
    }

    /// Sends the window.
    pub fn send(self, handle: impl Into<HandleId>) -> Start {
        let handle = handle.into().raw();
        self.start(|context| unsafe { sys::pendio_send(context, handle) })
    }

    /// Receives a message, and learns who sent it: [`Completed::sender`].
    pub fn receive_from(self, handle: impl Into<HandleId>) -> Start {
        let handle = handle.into().raw();
        self.start(|context| unsafe { sys::pendio_receive_from(context, handle) })
    }

    /// Sends the window to the context's endpoint.
    pub fn send_to(self, handle: impl Into<HandleId>) -> Start {
        let handle = handle.into().raw();
        self.start(|context| unsafe { sys::pendio_send_to(context, handle) })
    }

    /// Opens a file, as a new handle; flags and mode as of open(2).
    pub fn open(self, path: impl AsRef<Path>, flags: c_int, mode: u32) -> Start {
        self.start_named(true, &[bytes(path.as_ref())], |context, path, _| unsafe {
            sys::pendio_open(context, path, flags, mode)
        })
    }

    /// Reads into the window, at an offset or [`STREAMING`]. `EINVAL` where that is lent.
    pub fn read(self, handle: impl Into<HandleId>, offset: u64) -> Start {
        let handle = handle.into().raw();
        self.start_filling(|context| unsafe { sys::pendio_read(context, handle, offset) })
    }

    /// Writes the window, at an offset or [`STREAMING`].
    pub fn write(self, handle: impl Into<HandleId>, offset: u64) -> Start {
        let handle = handle.into().raw();
        self.start(|context| unsafe { sys::pendio_write(context, handle, offset) })
    }

    /// Moves bytes from one handle to another, of which one is a pipe.
    pub fn splice(
        self,
        from: impl Into<HandleId>,
        from_offset: u64,
        to: impl Into<HandleId>,
        to_offset: u64,
        bytes: u64,
    ) -> Start {
        let (from, to) = (from.into().raw(), to.into().raw());
        self.start(|context| unsafe {
            sys::pendio_splice(context, from, from_offset, to, to_offset, bytes)
        })
    }

    /// Brings what was written to the device, with `data_only` no more attributes than it needs.
    pub fn fsync(self, handle: impl Into<HandleId>, data_only: bool) -> Start {
        let handle = handle.into().raw();
        let flags = if data_only { sys::PENDIO_DATA_ONLY } else { 0 };
        self.start(|context| unsafe { sys::pendio_fsync(context, handle, flags) })
    }

    /// Cuts a file off, or lengthens it with zeros.
    pub fn truncate(self, handle: impl Into<HandleId>, bytes: u64) -> Start {
        let handle = handle.into().raw();
        self.start(|context| unsafe { sys::pendio_truncate(context, handle, bytes) })
    }

    /// Learns what the system knows of an open file: the size is the value, and a `struct statx`
    /// comes into the window. `EINVAL` where that is lent.
    pub fn stat(self, handle: impl Into<HandleId>) -> Start {
        let handle = handle.into().raw();
        self.start_filling(|context| unsafe { sys::pendio_stat(context, handle, std::ptr::null()) })
    }

    /// The same of a file by its path.
    pub fn stat_path(self, path: impl AsRef<Path>) -> Start {
        if self.is_lending() {
            return Err(Refused::new(self, error(EINVAL)));
        }
        self.start_named(false, &[bytes(path.as_ref())], |context, path, _| unsafe {
            sys::pendio_stat(context, 0, path)
        })
    }

    /// Gives a file another name.
    pub fn rename(self, from: impl AsRef<Path>, to: impl AsRef<Path>) -> Start {
        let names = [bytes(from.as_ref()), bytes(to.as_ref())];
        self.start_named(false, &names, |context, from, to| unsafe {
            sys::pendio_rename(context, from, to)
        })
    }

    /// Removes the name of a file.
    pub fn unlink(self, path: impl AsRef<Path>) -> Start {
        self.unlink_with(path.as_ref(), 0)
    }

    /// Removes an empty directory.
    pub fn remove_directory(self, path: impl AsRef<Path>) -> Start {
        self.unlink_with(path.as_ref(), sys::PENDIO_DIRECTORY)
    }

    fn unlink_with(self, path: &Path, flags: u32) -> Start {
        self.start_named(false, &[bytes(path)], |context, path, _| unsafe {
            sys::pendio_unlink(context, path, flags)
        })
    }

    /// Makes a directory.
    pub fn make_directory(self, path: impl AsRef<Path>, mode: u32) -> Start {
        self.start_named(false, &[bytes(path.as_ref())], |context, path, _| unsafe {
            sys::pendio_mkdir(context, path, mode)
        })
    }

    /// Closes a handle, and is over when everything else on it is. A [`Handle`](crate::Handle) of
    /// it has no more to close.
    pub fn close(self, handle: impl Into<HandleId>, how: Close) -> Start {
        let handle = handle.into().raw();
        self.start(|context| unsafe { sys::pendio_close(context, handle, how as u32) })
    }

    /// Waits until a descriptor is ready; events as of poll(2), as is the value.
    pub fn poll_ready(self, handle: impl Into<HandleId>, events: u32) -> Start {
        let handle = handle.into().raw();
        self.start(|context| unsafe { sys::pendio_poll(context, handle, events) })
    }

    /// Waits for the end of a child process; the value is its status.
    pub fn child(self, pid: u32) -> Start {
        let pid = c_int::try_from(pid).unwrap_or(0);
        self.start(|context| unsafe { sys::pendio_child(context, pid) })
    }

    /// Waits for a signal, which every thread has blocked; the value is its number.
    pub fn signal(self, number: c_int) -> Start {
        self.start(|context| unsafe { sys::pendio_signal(context, number) })
    }

    /// Moves an idle handle to another loop. The value names it there: that loop's thread
    /// [claims](crate::Loop::claim) it. Nobody else closes it.
    pub fn move_to(self, handle: impl Into<HandleId>, target: &Remote) -> Start {
        let handle = handle.into().raw();
        let raw = self.as_raw();
        // The target is there until the call has returned; afterwards it may end.
        let answer = target.with(|target| unsafe { sys::pendio_move(raw, handle, target) });
        let status = answer.unwrap_or_else(|error| -error.raw_os_error().unwrap_or(EINVAL));
        self.start(|_| status)
    }

    /// Starts by a call of `pendio_sys` that nothing here makes: `send_packets`, messages with
    /// control data. With `makes_handle` the result's value is a handle that
    /// [`Completed::take_handle`] gives.
    ///
    /// # Safety
    /// `call` makes one start with the context it is given, and returns its answer. What it points
    /// to stays as long as the call's documentation says. The context has got no callback, flags or
    /// user data by other means than this crate.
    pub unsafe fn start_with(
        self,
        makes_handle: bool,
        call: impl FnOnce(*mut sys::pendio_context) -> c_int,
    ) -> Start {
        self.begin(makes_handle, call)
    }

    fn start(self, call: impl FnOnce(*mut sys::pendio_context) -> c_int) -> Start {
        self.begin(false, call)
    }

    /// What is lent is not written to: with [`set_peek`](Context::set_peek) others have it, too.
    fn start_filling(self, call: impl FnOnce(*mut sys::pendio_context) -> c_int) -> Start {
        if self.is_lending() {
            return Err(Refused::new(self, error(EINVAL)));
        }
        self.start(call)
    }

    fn start_making(self, call: impl FnOnce(*mut sys::pendio_context) -> c_int) -> Start {
        self.begin(true, call)
    }

    /// One name or two, of which the context has a copy.
    fn start_named(
        mut self,
        makes_handle: bool,
        names: &[&[u8]],
        call: impl FnOnce(*mut sys::pendio_context, *const c_char, *const c_char) -> c_int,
    ) -> Start {
        self.names.clear();
        for name in names {
            if name.contains(&0) {
                return Err(Refused::new(self, error(EINVAL)));
            }
            self.names.extend_from_slice(name);
            self.names.push(0);
        }
        let first: *const c_char = self.names.as_ptr().cast();
        let second = self.names[names[0].len() + 1..].as_ptr().cast();
        self.begin(makes_handle, |context| call(context, first, second))
    }

    fn begin(
        mut self,
        makes_handle: bool,
        call: impl FnOnce(*mut sys::pendio_context) -> c_int,
    ) -> Start {
        self.makes_handle = makes_handle;
        match call(self.as_raw()) {
            0 => {
                let record = self.result();
                Ok(Started::Done(Completed::new(self, record)))
            }
            status if status > 0 => {
                self.core().table.borrow_mut().hold(self.place());
                Ok(Started::Pending(Pending::new(self)))
            }
            status => Err(Refused::new(self, error(-status))),
        }
    }
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

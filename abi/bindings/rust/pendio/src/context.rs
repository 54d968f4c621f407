//! Contexts that are not under way: their memory, and what is asked of the next operation.

use crate::endpoint::Endpoint;
use crate::error::{check, error, EINVAL};
use crate::event_loop::{nanoseconds, Core};
use crate::pool::PoolCore;
use pendio_sys as sys;
use std::fmt;
use std::io;
use std::os::raw::c_int;
use std::ptr::{null_mut, NonNull};
use std::rc::Rc;
use std::time::Duration;

/// When may a start answer [`Done`](crate::Started::Done)?
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Policy {
    /// When it costs nothing.
    Auto = sys::PENDIO_AUTO as isize,
    /// Also after one system call that submits and looks once.
    Try = sys::PENDIO_TRY as isize,
    /// Never.
    Queue = sys::PENDIO_QUEUE as isize,
}

/// One reusable operation that is not under way. A start takes it, and gives it back with the
/// result: what the kernel may write to is out of reach meanwhile.
///
/// It works on its own slice of the pool's memory unless it is given something else. Dropping it
/// puts it back into its pool.
pub struct Context {
    raw: NonNull<sys::pendio_context>,
    pub(crate) pool: Rc<PoolCore>,
    place: u32,
    pub(crate) makes_handle: bool,
    flags: u32,
    memory: Memory,
    user_data: u64,
    pub(crate) names: Vec<u8>, // of files and hosts, for as long as it is under way
}

/// Whose the memory is that the library knows of.
enum Memory {
    Slice,
    Nothing,
    Vector(Vec<u8>),
    Pieces(Vec<Vec<u8>>),
    Lent,
    Foreign,
}

impl Context {
    pub(crate) fn new(
        raw: NonNull<sys::pendio_context>,
        pool: Rc<PoolCore>,
    ) -> io::Result<Context> {
        let place = pool.core.table.borrow_mut().add();
        let context = Context {
            raw,
            pool,
            place,
            makes_handle: false,
            flags: 0,
            memory: Memory::Slice,
            user_data: 0,
            names: Vec::new(),
        };
        // SAFETY: the context is ours.
        check(unsafe { sys::pendio_context_set_user_data(context.as_raw(), place.into()) })?;
        Ok(context)
    }

    pub(crate) fn place(&self) -> u32 {
        self.place
    }

    pub(crate) fn is_lending(&self) -> bool {
        matches!(self.memory, Memory::Lent)
    }

    pub(crate) fn core(&self) -> &Rc<Core> {
        &self.pool.core
    }

    /// Works on its own slice, all of it.
    pub fn set_slice(&mut self) -> io::Result<()> {
        // SAFETY: the context is ours, and the slice is its own.
        check(unsafe { sys::pendio_context_set_slice(self.as_raw()) })?;
        self.memory = Memory::Slice;
        Ok(())
    }

    /// Works on no memory.
    pub fn set_no_memory(&mut self) -> io::Result<()> {
        // SAFETY: the context is ours.
        check(unsafe { sys::pendio_context_set_memory(self.as_raw(), null_mut(), 0) })?;
        self.memory = Memory::Nothing;
        Ok(())
    }

    /// Works on this vector, all that it has now, and keeps it until something else is set, or it
    /// is [taken back](Context::take_vector).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # let event_loop = pendio::Loop::new()?;
    /// # let mut context = event_loop.pool(1, 0)?.get()?;
    /// context.set_vector(b"text".to_vec())?;
    /// assert_eq!(context.memory(), b"text");
    /// assert_eq!(context.take_vector().unwrap(), b"text");
    /// assert_eq!(context.memory(), b"");
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_vector(&mut self, mut vector: Vec<u8>) -> io::Result<()> {
        let memory = if vector.is_empty() { null_mut() } else { vector.as_mut_ptr() };
        // SAFETY: what a vector has stays in its place while the vector is moved; it is ours, and
        // given to nobody before the library was told of other memory.
        check(unsafe {
            sys::pendio_context_set_memory(self.as_raw(), memory.cast(), vector.len())
        })?;
        self.memory = Memory::Vector(vector);
        Ok(())
    }

    /// The vector set last; the context works on no memory then.
    pub fn take_vector(&mut self) -> Option<Vec<u8>> {
        if !matches!(self.memory, Memory::Vector(_)) {
            return None;
        }
        let before = self.replace_by_nothing()?;
        match before {
            Memory::Vector(vector) => Some(vector),
            _ => None,
        }
    }

    /// Works on several vectors, in order, as if they were one.
    pub fn set_pieces(&mut self, mut pieces: Vec<Vec<u8>>) -> io::Result<()> {
        let listed: Vec<sys::pendio_bytes> = pieces
            .iter_mut()
            .map(|piece| sys::pendio_bytes {
                memory: piece.as_mut_ptr().cast(),
                byte_count: piece.len(),
            })
            .collect();
        let count = u32::try_from(listed.len()).map_err(|_| error(EINVAL))?;
        // SAFETY: the list is copied; for the pieces the same holds as for a vector.
        check(unsafe { sys::pendio_context_set_pieces(self.as_raw(), listed.as_ptr(), count) })?;
        self.memory = Memory::Pieces(pieces);
        Ok(())
    }

    /// The pieces set last; empty: there are none.
    pub fn pieces(&self) -> &[Vec<u8>] {
        match &self.memory {
            Memory::Pieces(pieces) => pieces,
            _ => &[],
        }
    }

    /// The pieces set last; the context works on no memory then.
    pub fn take_pieces(&mut self) -> Option<Vec<Vec<u8>>> {
        if !matches!(self.memory, Memory::Pieces(_)) {
            return None;
        }
        let before = self.replace_by_nothing()?;
        match before {
            Memory::Pieces(pieces) => Some(pieces),
            _ => None,
        }
    }

    /// Works on no memory of its own: what it receives is lent to it, and is its
    /// [`memory`](Context::memory) until the next receive or the end of a send of it. So it can
    /// send on what it was lent.
    pub fn set_lending(&mut self) -> io::Result<()> {
        // SAFETY: the context is ours.
        check(unsafe { sys::pendio_context_set_lending(self.as_raw()) })?;
        self.memory = Memory::Lent;
        Ok(())
    }

    /// Works on memory of any other kind, shared with other processes for example.
    ///
    /// # Safety
    /// It is valid for reading and writing, and nobody else does either, until other memory is set
    /// or the context has been put back, and not while the operation is under way in any case.
    pub unsafe fn set_foreign_memory(&mut self, memory: *mut u8, bytes: usize) -> io::Result<()> {
        // SAFETY: the caller says so.
        check(unsafe { sys::pendio_context_set_memory(self.as_raw(), memory.cast(), bytes) })?;
        self.memory = Memory::Foreign;
        Ok(())
    }

    /// Works on a part of the memory set, or lent, last. Setting memory sets it to all.
    pub fn set_window(&mut self, offset: usize, bytes: usize) -> io::Result<()> {
        // SAFETY: the context is ours; beyond its memory is refused.
        check(unsafe { sys::pendio_context_set_window(self.as_raw(), offset, bytes) }).map(drop)
    }

    /// The window of the memory. Of pieces nothing: see [`pieces`](Context::pieces).
    pub fn memory(&self) -> &[u8] {
        let (memory, bytes) = self.window();
        // SAFETY: the library says what is set, which is initialised, and ours while nothing is
        // under way.
        unsafe { std::slice::from_raw_parts(memory.as_ptr(), bytes) }
    }

    /// The same for writing; of what is lent nothing.
    pub fn memory_mut(&mut self) -> &mut [u8] {
        let (memory, bytes) = match self.memory {
            Memory::Lent => (NonNull::dangling(), 0),
            _ => self.window(),
        };
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(memory.as_ptr(), bytes) }
    }

    fn window(&self) -> (NonNull<u8>, usize) {
        let (mut memory, mut bytes) = (null_mut(), 0);
        // SAFETY: it fills in what is ours.
        let status = unsafe { sys::pendio_context_window(self.as_raw(), &mut memory, &mut bytes) };
        match NonNull::new(memory.cast()) {
            Some(memory) if status == 0 && !matches!(self.memory, Memory::Pieces(_)) => {
                (memory, bytes)
            }
            _ => (NonNull::dangling(), 0),
        }
    }

    /// `None`, and nothing changed, where the library does not let go: in a forked child.
    fn replace_by_nothing(&mut self) -> Option<Memory> {
        // SAFETY: the context is ours.
        let status = unsafe { sys::pendio_context_set_memory(self.as_raw(), null_mut(), 0) };
        check(status).ok()?;
        Some(std::mem::replace(&mut self.memory, Memory::Nothing))
    }

    /// The address to connect or to send to.
    pub fn set_endpoint(&mut self, address: impl Into<Endpoint>) -> io::Result<()> {
        let address = address.into();
        let bytes = address.as_bytes();
        let at = if bytes.is_empty() { null_mut() } else { bytes.as_ptr() as *mut u8 };
        let count = bytes.len() as u32;
        // SAFETY: the address is copied.
        self.set(|raw| unsafe { sys::pendio_context_set_endpoint(raw, at.cast(), count) })
    }

    pub fn set_policy(&mut self, policy: Policy) -> io::Result<()> {
        // SAFETY: the context is ours; so it is for the next ones.
        self.set(|raw| unsafe { sys::pendio_context_set_policy(raw, policy as u32) })
    }

    /// Longest time from the start to the result; zero: none.
    pub fn set_deadline(&mut self, after: Duration) -> io::Result<()> {
        self.set(|raw| unsafe { sys::pendio_context_set_deadline(raw, nanoseconds(after)) })
    }

    /// A receive takes nothing: the next one gets the same data.
    pub fn set_peek(&mut self, peek: bool) -> io::Result<()> {
        self.set_flag(sys::PENDIO_PEEK, peek)
    }

    /// A send copies nothing, and is over when its memory is free again.
    pub fn set_zero_copy(&mut self, zero_copy: bool) -> io::Result<()> {
        self.set_flag(sys::PENDIO_ZERO_COPY, zero_copy)
    }

    /// A connect also sends the window.
    pub fn set_first_data(&mut self, first_data: bool) -> io::Result<()> {
        self.set_flag(sys::PENDIO_FIRST_DATA, first_data)
    }

    /// A value of yours, in every [`Completed`](crate::Completed) of this context.
    pub fn set_user_data(&mut self, user_data: u64) {
        self.user_data = user_data;
    }

    pub fn user_data(&self) -> u64 {
        self.user_data
    }

    /// What was set, as the library has it. Its `user_data` is this binding's.
    pub fn request(&self) -> sys::pendio_request {
        request(self)
    }

    /// The result of the last run.
    pub fn result(&self) -> sys::pendio_completion {
        let mut record = sys::pendio_completion::default();
        // SAFETY: it fills in what is ours. In a forked child it does not.
        unsafe { sys::pendio_context_result(self.as_raw(), &mut record) };
        record
    }

    /// For calls of `pendio_sys` that nothing here makes.
    pub fn as_raw(&self) -> *mut sys::pendio_context {
        self.raw.as_ptr()
    }

    fn set_flag(&mut self, flag: u32, value: bool) -> io::Result<()> {
        let flags = if value { self.flags | flag } else { self.flags & !flag };
        self.set(|raw| unsafe { sys::pendio_context_set_flags(raw, flags) })?;
        self.flags = flags;
        Ok(())
    }

    fn set(&mut self, call: impl FnOnce(*mut sys::pendio_context) -> c_int) -> io::Result<()> {
        check(call(self.as_raw())).map(drop)
    }
}

/// Also of one under way.
pub(crate) fn request(context: &Context) -> sys::pendio_request {
    let size = std::mem::size_of::<sys::pendio_request>() as u32;
    let mut request = sys::pendio_request { size, ..Default::default() };
    // SAFETY: it writes as much as `size` says.
    unsafe { sys::pendio_context_request(context.as_raw(), &mut request) };
    request
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: not under way, as it is not in the table.
        unsafe { sys::pendio_pool_put(self.as_raw()) };
        self.core().table.borrow_mut().remove(self.place);
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Context({:p})", self.raw)
    }
}

//! Pools: contexts made once, with their memory, and taken again and again.

use crate::context::Context;
use crate::error::check;
use crate::event_loop::Core;
use pendio_sys as sys;
use std::io;
use std::ptr::{null_mut, NonNull};
use std::rc::Rc;

/// Contexts of one loop and their memory, registered with its ring where that is permitted. The
/// memory is there until the last context is put back, also if that comes after this was dropped.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # let event_loop = pendio::Loop::new()?;
/// let pool = event_loop.pool(2, 4096)?;
/// let first = pool.get()?;
/// let second = pool.get()?;
/// assert_eq!(pool.get().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
/// drop(first); // which puts it back
/// assert_eq!(pool.get()?.memory().len(), 4096);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Pool(Rc<PoolCore>);

pub(crate) struct PoolCore {
    raw: NonNull<sys::pendio_pool>,
    pub(crate) core: Rc<Core>,
}

impl Pool {
    pub(crate) fn new(core: &Rc<Core>, count: u32, slice_bytes: usize) -> io::Result<Pool> {
        let options = sys::pendio_pool_options {
            size: std::mem::size_of::<sys::pendio_pool_options>() as u32,
            context_count: count,
            slice_bytes: slice_bytes as u64,
            ..Default::default()
        };
        let mut raw = null_mut();
        // SAFETY: the options stay until it returns.
        check(unsafe { sys::pendio_pool_create(core.raw(), &options, &mut raw) })?;
        let raw = NonNull::new(raw).expect("a pool that was made is there");
        Ok(Pool(Rc::new(PoolCore { raw, core: core.clone() })))
    }

    /// A free context, as new, and the one put back last; an error of the kind
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) when all are taken. Dropping it puts it back.
    pub fn get(&self) -> io::Result<Context> {
        let mut raw = null_mut();
        // SAFETY: it fills in a pointer of ours.
        check(unsafe { sys::pendio_pool_get(self.as_raw(), &mut raw) })?;
        let raw = NonNull::new(raw).expect("a context that was taken is there");
        Context::new(raw, self.0.clone())
    }

    /// For calls of `pendio_sys` that nothing here makes.
    pub fn as_raw(&self) -> *mut sys::pendio_pool {
        self.0.raw.as_ptr()
    }
}

impl Drop for PoolCore {
    fn drop(&mut self) {
        // SAFETY: contexts that are taken hold this, so that none is; its loop is there.
        unsafe { sys::pendio_pool_destroy(self.raw.as_ptr()) };
    }
}

//! Statuses of the C interface as errors of the standard library.

use std::ffi::CStr;
use std::io;
use std::os::raw::c_int;

// Of errno(3), which the standard library does not name.
pub(crate) const EBUSY: i32 = 16;
pub(crate) const EINVAL: i32 = 22;
pub(crate) const ESHUTDOWN: i32 = 108;

pub(crate) fn error(number: i32) -> io::Error {
    io::Error::from_raw_os_error(number)
}

/// Zero and above are results.
pub(crate) fn check(status: c_int) -> io::Result<c_int> {
    if status < 0 {
        Err(error(-status))
    } else {
        Ok(status)
    }
}

/// What an error of [`Loop::new`](crate::Loop::new) means and what helps, in one line of English.
///
/// ```
/// let denied = std::io::Error::from_raw_os_error(1);
/// assert!(pendio::explain(&denied).contains("io_uring"));
/// ```
pub fn explain(error: &io::Error) -> &'static str {
    let status = error.raw_os_error().unwrap_or(EINVAL).wrapping_neg();
    // SAFETY: any thread may ask; the answer is a constant string, never NULL.
    let text = unsafe { CStr::from_ptr(pendio_sys::pendio_loop_explain(status)) };
    text.to_str().unwrap_or("")
}

/// True for what [`Loop::turn`](crate::Loop::turn) answers when a shutdown is over, and what starts
/// answer from its beginning on.
pub fn is_shutdown(error: &io::Error) -> bool {
    error.raw_os_error() == Some(ESHUTDOWN)
}

//! The C interface of libpendio, as `abi/pendio.abi` has it: what `pendio.h` says of a function is
//! its documentation. The crate `pendio` makes most of it safe.
//!
//! Everything here is made from the snapshot when the crate is built. That a structure and each of
//! its members has the size the C compiler gave it is asserted when the crate is compiled; that each
//! member is where it was, by the test of this crate.
//!
//! The library is found in the folder `PENDIO_LIBRARY_DIR` names, else by `pkg-config`. With
//! `PENDIO_STATIC=1` it becomes part of the program.
//!
//! ```
//! // SAFETY: asks for nothing and may be called by any thread.
//! let version = unsafe { pendio_sys::pendio_version() };
//! assert_eq!(version >> 8, 0x0001);
//! ```
#![allow(non_camel_case_types)]

include!(concat!(env!("OUT_DIR"), "/interface.rs"));

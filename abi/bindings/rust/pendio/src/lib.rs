//! Asynchronous I/O with reusable contexts over io_uring: the safe level of libpendio's binding.
//!
//! A [`Loop`] is one ring and belongs to one thread. Its [`Pool`]s have [`Context`]s, each with
//! memory of its own. A start takes a context, and has one of three answers: [`Started::Done`],
//! [`Started::Pending`], or [`Refused`], which gives the context back. What is pending can be
//! awaited, looked after, cancelled by dropping it, or left to the turn:
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! use pendio::{Event, Events, Loop};
//! let event_loop = Loop::new()?;
//! let pool = event_loop.pool(8, 4096)?;
//! let mut events = Events::new();
//!
//! pool.get()?.nop()?.leave(&mut events); // the turn hands it back
//! event_loop.turn(None, &mut events)?;
//! while let Some(event) = events.pop_front() {
//!     if let Event::Completed(completed) = event {
//!         completed.result()?;
//!         let _context = completed.into_context(); // free for the next operation
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What the compiler refuses
//!
//! While an operation is under way its context and its memory are out of reach:
//!
//! ```compile_fail,E0382
//! # fn main() -> std::io::Result<()> {
//! # let event_loop = pendio::Loop::new()?;
//! let mut context = event_loop.pool(1, 64)?.get()?;
//! let pending = context.nop()?;
//! context.memory_mut()[0] = 1; // the kernel may be reading it
//! # Ok(())
//! # }
//! ```
//!
//! What was received cannot be looked at when the context has gone on to other data:
//!
//! ```compile_fail,E0505
//! # fn main() -> std::io::Result<()> {
//! # let event_loop = pendio::Loop::new()?;
//! # let context = event_loop.pool(1, 64)?.get()?;
//! let completed = event_loop.block_on(context.nop()?)?;
//! let data = completed.data();
//! let again = completed.into_context().nop()?;
//! println!("{:?}", data);
//! # Ok(())
//! # }
//! ```
//!
//! Nothing of a loop goes to another thread, or is looked at by one, but a [`Remote`], which wakes
//! the loop and sends it messages:
//!
//! ```compile_fail,E0277
//! # let event_loop = pendio::Loop::new().unwrap();
//! let context = event_loop.pool(1, 64).unwrap().get().unwrap();
//! std::thread::spawn(move || drop(context));
//! ```
#![deny(unsafe_op_in_unsafe_fn)]

mod context;
mod endpoint;
mod error;
mod event_loop;
mod handle;
mod operation;
mod pool;
mod remote;
mod start;
mod table;
mod tasks;

pub use context::{Context, Policy};
pub use endpoint::Endpoint;
pub use error::{explain, is_shutdown};
pub use event_loop::{Loop, LoopOptions};
pub use handle::{Close, Handle, HandleId};
pub use operation::{Completed, Event, Events, Pending, Refused, Run, Start, Started};
pub use pendio_sys as sys;
pub use pool::Pool;
pub use remote::Remote;
pub use start::STREAMING;

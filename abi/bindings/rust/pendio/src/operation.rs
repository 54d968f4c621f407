//! Operations under way, and over: who has the context, and what became of it.

use crate::context::{request, Context};
use crate::endpoint::Endpoint;
use crate::error::check;
use crate::handle::{Handle, HandleId};
use pendio_sys as sys;
use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::Poll;

/// What a start answers; refused, it gives the context back.
pub type Start = Result<Started, Refused>;

/// Names one accepted start of one context.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Run(u64);

impl Run {
    pub fn from_raw(raw: u64) -> Run {
        Run(raw)
    }

    pub fn raw(self) -> u64 {
        self.0
    }
}

/// The answer of a start. It is also a future of the result.
#[derive(Debug)]
#[must_use = "dropping it cancels what is under way"]
pub enum Started {
    /// Over before the start returned, well or with an error of the operation.
    Done(Completed),
    /// Under way.
    Pending(Pending),
}

impl Started {
    /// Leaves what is under way to the turn, which hands it back when it is over. What is done goes
    /// to the events at once.
    pub fn leave(self, events: &mut Events) {
        match self {
            Started::Done(completed) => events.push_back(Event::Completed(completed)),
            Started::Pending(pending) => pending.leave(),
        }
    }
}

impl Future for Started {
    type Output = Completed;

    /// Not to be called again when it has been ready.
    fn poll(mut self: Pin<&mut Self>, task: &mut std::task::Context<'_>) -> Poll<Completed> {
        if let Started::Pending(pending) = &mut *self {
            return Pin::new(pending).poll(task);
        }
        match std::mem::replace(&mut *self, Started::Pending(Pending { context: None })) {
            Started::Done(completed) => Poll::Ready(completed),
            Started::Pending(_) => unreachable!("looked at above"),
        }
    }
}

/// An operation under way, with its context and its memory. When it is dropped it is cancelled; the
/// context goes back to its pool when the kernel has let go of it, in some later turn, and a handle
/// that it brings is closed.
#[must_use = "dropping it cancels what is under way"]
pub struct Pending {
    context: Option<Context>, // None: it is over and was taken, or left to the turn
}

impl Pending {
    pub(crate) fn new(context: Context) -> Pending {
        Pending { context: Some(context) }
    }

    /// To cancel it by when it has been [left](Pending::leave) to the turn.
    pub fn run(&self) -> Run {
        // SAFETY: the context is ours.
        Run(unsafe { sys::pendio_context_run(self.context().as_raw()) })
    }

    /// Asks for its end; see [`Loop::cancel`](crate::Loop::cancel).
    pub fn cancel(&self) -> io::Result<()> {
        self.context().core().cancel(self.run())
    }

    /// Whether a turn has brought its end.
    pub fn is_over(&self) -> bool {
        let context = self.context();
        context.core().table.borrow().is_over(context.place())
    }

    /// The result, if a turn has brought it.
    pub fn take(mut self) -> Result<Completed, Pending> {
        let place = self.context().place();
        let record = self.context().core().table.borrow_mut().take(place);
        match (record, self.context.take()) {
            (Some(record), Some(context)) => Ok(Completed::new(context, record)),
            (_, context) => Err(Pending { context }),
        }
    }

    /// Leaves it to the turn, which hands it back among its events when it is over.
    pub fn leave(mut self) {
        if let Some(context) = self.context.take() {
            let core = context.core().clone();
            if let Some(completed) = core.leave(context, true) {
                core.hand_out_later(completed);
            }
        }
    }

    /// What was set, as the library has it.
    pub fn request(&self) -> sys::pendio_request {
        request(self.context())
    }

    fn context(&self) -> &Context {
        self.context.as_ref().expect("it is over, and was taken")
    }
}

impl Future for Pending {
    type Output = Completed;

    fn poll(mut self: Pin<&mut Self>, task: &mut std::task::Context<'_>) -> Poll<Completed> {
        let context = self.context();
        match context.core().poll(context.place(), task.waker()) {
            Some(record) => {
                let context = self.context.take().expect("looked at above");
                Poll::Ready(Completed::new(context, record))
            }
            None => Poll::Pending,
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(context) = self.context.take() {
            let core = context.core().clone();
            // SAFETY: the context is ours.
            let run = Run(unsafe { sys::pendio_context_run(context.as_raw()) });
            let _ = core.cancel(run); // refused: it is over already, or it is a close
            drop(core.leave(context, false));
        }
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Pending({:?})", self.context)
    }
}

/// An operation that is over: its context, and its result.
#[derive(Debug)]
pub struct Completed {
    context: Context,
    handle: Option<Handle>,
    record: Record,
}

struct Record(sys::pendio_completion);

impl fmt::Debug for Record {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "operation {}, {} bytes, error {}",
            self.0.operation, self.0.bytes, self.0.error
        )
    }
}

impl Completed {
    pub(crate) fn new(context: Context, record: sys::pendio_completion) -> Completed {
        let handle = if context.makes_handle && record.value != 0 {
            Some(Handle::new(context.core().clone(), HandleId::from_raw(record.value)))
        } else {
            None
        };
        Completed { context, handle, record: Record(record) }
    }

    /// How many bytes were moved, or the error of the operation.
    pub fn result(&self) -> io::Result<usize> {
        check(self.record.0.error).map(|_| self.bytes())
    }

    /// How many bytes were moved; also beside an error.
    pub fn bytes(&self) -> usize {
        self.record.0.bytes as usize
    }

    /// What was received or read: as many bytes of the context's memory as were moved.
    pub fn data(&self) -> &[u8] {
        let memory = self.context.memory();
        &memory[..self.bytes().min(memory.len())]
    }

    /// The new handle of an accept, an open or a connect by name; without one the error says why.
    /// It is closed with this if nobody takes it.
    pub fn take_handle(&mut self) -> io::Result<Handle> {
        self.handle.take().ok_or_else(|| match check(self.record.0.error) {
            Ok(_) => io::ErrorKind::NotFound.into(),
            Err(error) => error,
        })
    }

    /// The context is free for whatever comes next.
    pub fn into_context(self) -> Context {
        self.context
    }

    pub fn context(&self) -> &Context {
        &self.context
    }

    pub fn context_mut(&mut self) -> &mut Context {
        &mut self.context
    }

    /// That the operation worked on.
    pub fn on(&self) -> HandleId {
        HandleId::from_raw(self.record.0.handle)
    }

    pub fn run(&self) -> Run {
        Run(self.record.0.run)
    }

    /// A number of `pendio_sys::PENDIO_OPERATION_...`.
    pub fn operation(&self) -> u32 {
        self.record.0.operation.into()
    }

    /// As the context has it.
    pub fn user_data(&self) -> u64 {
        self.context.user_data()
    }

    /// Size, events, status or signal; see the operations.
    pub fn value(&self) -> u64 {
        self.record.0.value
    }

    /// `pendio_sys::PENDIO_END_OF_STREAM` and so on.
    pub fn flags(&self) -> u32 {
        self.record.0.flags.into()
    }

    /// The peer, or the file, has no more.
    pub fn is_end_of_stream(&self) -> bool {
        self.flags() & sys::PENDIO_END_OF_STREAM != 0
    }

    /// The message was longer than the window; the rest is gone.
    pub fn is_truncated(&self) -> bool {
        self.flags() & sys::PENDIO_TRUNCATED != 0
    }

    /// Ended by a cancel, or by the end of the loop.
    pub fn is_by_cancel(&self) -> bool {
        self.flags() & sys::PENDIO_BY_CANCEL != 0
    }

    /// Ended by the context's deadline.
    pub fn is_by_deadline(&self) -> bool {
        self.flags() & sys::PENDIO_BY_DEADLINE != 0
    }

    /// Who sent what `receive_from` brought.
    pub fn sender(&self) -> Endpoint {
        let mut sender = Endpoint(Default::default());
        // SAFETY: it fills in an endpoint of ours.
        unsafe { sys::pendio_context_sender(self.context.as_raw(), &mut sender.0) };
        sender
    }

    /// All of it, as the library told it; `user_data` is this binding's.
    pub fn record(&self) -> &sys::pendio_completion {
        &self.record.0
    }
}

/// A start that was refused: nothing happened, and nothing of the context has changed.
#[derive(Debug)]
pub struct Refused {
    context: Context,
    error: io::Error,
}

impl Refused {
    pub(crate) fn new(context: Context, error: io::Error) -> Refused {
        Refused { context, error }
    }

    pub fn error(&self) -> &io::Error {
        &self.error
    }

    pub fn into_context(self) -> Context {
        self.context
    }

    pub fn into_parts(self) -> (Context, io::Error) {
        (self.context, self.error)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "refused: {}", self.error)
    }
}

impl std::error::Error for Refused {}

/// The context goes back to its pool.
impl From<Refused> for io::Error {
    fn from(refused: Refused) -> io::Error {
        refused.error
    }
}

/// What turns have handed out, in that order, and starts that were done.
pub type Events = VecDeque<Event>;

/// What a turn hands out.
#[derive(Debug)]
pub enum Event {
    /// An operation that was [left](Pending::leave) to the turn is over.
    Completed(Completed),
    /// A message of a [`Remote`](crate::Remote).
    Posted { user_data: u64, value: u64 },
}

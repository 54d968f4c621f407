//! Which context is whose while it is under way. Its place is the user data that the library has.

use crate::context::Context;
use crate::operation::Completed;
use pendio_sys::pendio_completion;
use std::task::{Context as Task, Poll, Waker};

#[derive(Default)]
pub(crate) struct Table {
    entries: Vec<Entry>,
    free: Vec<u32>,
}

enum Entry {
    /// Not under way.
    Idle,
    /// A `Pending` has the context, and may have asked to be woken.
    Held(Option<Waker>),
    /// A `Pending` has it, and this is its result.
    Over(pendio_completion),
    /// The turn that brings its end hands it out.
    Left(Context),
    /// The turn that brings its end puts it back.
    Unwanted(Context),
}

/// What a delivery means for whom.
pub(crate) enum Delivery {
    Kept(Option<Waker>),
    Handed(Context),
    Unwanted(Context),
}

impl Table {
    pub(crate) fn add(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.entries.push(Entry::Idle);
            // Never full: a pop of as many places as there are allocates nothing.
            self.free.reserve(self.entries.len());
            self.entries.len() as u32 - 1
        })
    }

    pub(crate) fn remove(&mut self, place: u32) {
        self.free.push(place);
    }

    pub(crate) fn hold(&mut self, place: u32) {
        self.entries[place as usize] = Entry::Held(None);
    }

    /// The result, if it is there; else the waker is called when it is.
    pub(crate) fn poll(&mut self, place: u32, task: &Task<'_>) -> Poll<pendio_completion> {
        match self.take(place) {
            Some(record) => Poll::Ready(record),
            None => {
                self.entries[place as usize] = Entry::Held(Some(task.waker().clone()));
                Poll::Pending
            }
        }
    }

    pub(crate) fn take(&mut self, place: u32) -> Option<pendio_completion> {
        let entry = &mut self.entries[place as usize];
        match *entry {
            Entry::Over(record) => {
                *entry = Entry::Idle;
                Some(record)
            }
            _ => None,
        }
    }

    pub(crate) fn is_over(&self, place: u32) -> bool {
        matches!(self.entries[place as usize], Entry::Over(_))
    }

    pub(crate) fn under_way(&self) -> usize {
        let is_under_way = |entry: &&Entry| !matches!(entry, Entry::Idle | Entry::Over(_));
        self.entries.iter().filter(is_under_way).count()
    }

    /// The context is the table's from now on, unless it is over.
    pub(crate) fn leave(&mut self, context: Context, is_wanted: bool) -> Option<Completed> {
        let place = context.place();
        match self.take(place) {
            Some(record) => Some(Completed::new(context, record)),
            None => {
                let entry = if is_wanted { Entry::Left } else { Entry::Unwanted };
                self.entries[place as usize] = entry(context);
                None
            }
        }
    }

    pub(crate) fn deliver(&mut self, record: &pendio_completion) -> Delivery {
        let entry = &mut self.entries[record.user_data as usize];
        match std::mem::replace(entry, Entry::Idle) {
            Entry::Left(context) => Delivery::Handed(context),
            Entry::Unwanted(context) => Delivery::Unwanted(context),
            Entry::Held(waker) => {
                *entry = Entry::Over(*record);
                Delivery::Kept(waker)
            }
            Entry::Idle | Entry::Over(_) => unreachable!("a run is delivered once"),
        }
    }
}

//! Which context is whose while it is under way. Its place is the user data that the library has.

use crate::context::Context;
use pendio_sys::pendio_completion;
use std::task::Waker;

/// It is borrowed for as long as a call of its own lasts, in which nothing of anybody else's runs:
/// wakers, which may do anything, are cloned, dropped and called outside.
#[derive(Default)]
pub(crate) struct Table {
    entries: Vec<Entry>,
    free: Vec<u32>,
}

pub(crate) enum Entry {
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

    /// Whether this waker is the one that will be called.
    pub(crate) fn will_wake(&self, place: u32, waker: &Waker) -> bool {
        match &self.entries[place as usize] {
            Entry::Held(Some(known)) => known.will_wake(waker),
            _ => false,
        }
    }

    /// Returns what there was instead, for looking at and dropping.
    #[must_use]
    pub(crate) fn replace(&mut self, place: u32, entry: Entry) -> Entry {
        std::mem::replace(&mut self.entries[place as usize], entry)
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

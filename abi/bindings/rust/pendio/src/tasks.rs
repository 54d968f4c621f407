//! Futures on top: as many tasks as one likes, and one loop that runs them.

use crate::error::{error, is_shutdown, EBUSY};
use crate::event_loop::Loop;
use crate::operation::Events;
use crate::remote::Remote;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, ThreadId};
use std::time::Duration;

/// The place of what `block_on` waits for, which is no task.
const MAIN: usize = usize::MAX;
const RECORD_COUNT: usize = 256;

/// The tasks of a loop: none but its thread touches them.
pub(crate) struct Tasks {
    list: RefCell<List>,
    queue: Arc<Queue>,
    is_polling: Cell<bool>,
}

#[derive(Default)]
struct List {
    tasks: Vec<Option<Task>>,
    free: Vec<usize>,
}

struct Task {
    future: Pin<Box<dyn Future<Output = ()>>>,
    waker: Waker,
    flag: Arc<Flag>,
}

/// Which tasks are to be polled, and how the loop is told by other threads.
struct Queue {
    ready: Mutex<VecDeque<usize>>,
    remote: Remote,
    thread: ThreadId,
}

/// What wakes one task.
struct Flag {
    queue: Arc<Queue>,
    place: usize,
    is_set: AtomicBool,
}

impl Loop {
    /// Runs a task until its end, beside others, whenever [`block_on`](Loop::block_on) turns the
    /// loop. It ends early, wherever it is, with the loop.
    pub fn spawn(&self, future: impl Future<Output = ()> + 'static) {
        self.core.tasks.add(Box::pin(future));
    }

    /// Turns the loop until a future is ready, and runs the tasks of the loop meanwhile. What other
    /// operations and messages it brings is for the next turn. An error is that of a turn; a task
    /// awaits, and does not call this: `EBUSY`.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let event_loop = pendio::Loop::new()?;
    /// let pool = event_loop.pool(2, 0)?;
    /// let ended = event_loop.block_on(async {
    ///     let short = std::time::Duration::from_millis(1);
    ///     pool.get()?.timer(short)?.await.result()?;
    ///     pool.get()?.nop()?.await.result()
    /// })?;
    /// assert_eq!(ended?, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn block_on<F: Future>(&self, future: F) -> io::Result<F::Output> {
        let mut future = Box::pin(future);
        let tasks = &self.core.tasks;
        if tasks.is_polling.get() {
            return Err(error(EBUSY));
        }
        let flag = Arc::new(Flag {
            queue: tasks.queue.clone(),
            place: MAIN,
            is_set: AtomicBool::new(true),
        });
        let waker = Waker::from(flag.clone());
        let mut events = Events::new();
        loop {
            if flag.is_set.swap(false, Ordering::Acquire) {
                if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker))
                {
                    return Ok(output);
                }
            }
            tasks.run();
            let is_busy = flag.is_set.load(Ordering::Acquire) || tasks.queue.count() > 0;
            let timeout = if is_busy { Some(Duration::ZERO) } else { None };
            match self.core.turn(RECORD_COUNT, timeout, &mut events) {
                Err(error) if !(is_busy && is_shutdown(&error)) => return Err(error),
                _ => self.core.keep_for_later(&mut events),
            }
        }
    }
}

impl Tasks {
    pub(crate) fn new(remote: Remote) -> Tasks {
        let queue = Queue { ready: Mutex::default(), remote, thread: thread::current().id() };
        Tasks { list: RefCell::default(), queue: Arc::new(queue), is_polling: Cell::default() }
    }

    fn add(&self, future: Pin<Box<dyn Future<Output = ()>>>) {
        let mut list = self.list.borrow_mut();
        let place = list.free.pop().unwrap_or(list.tasks.len());
        let queue = self.queue.clone();
        let flag = Arc::new(Flag { queue, place, is_set: AtomicBool::new(false) });
        let waker = Waker::from(flag.clone());
        waker.wake_by_ref();
        let task = Some(Task { future, waker, flag });
        if place == list.tasks.len() {
            list.tasks.push(task);
        } else {
            list.tasks[place] = task;
        }
    }

    /// Polls those that were woken, each once. While one is polled its place is empty, but not free.
    fn run(&self) {
        for _ in 0..self.queue.count() {
            let place = self.queue.next();
            let taken = place.and_then(|place| self.list.borrow_mut().tasks[place].take());
            if let Some(task) = taken {
                self.poll(task);
            }
        }
    }

    fn poll(&self, mut task: Task) {
        let place = task.flag.place;
        let polling = Polling::new(self, place);
        task.flag.is_set.store(false, Ordering::Release);
        let polled = task.future.as_mut().poll(&mut Context::from_waker(&task.waker));
        if polled.is_pending() {
            polling.goes_on();
            self.list.borrow_mut().tasks[place] = Some(task);
        }
    }

    /// What they hold may hold more of them.
    pub(crate) fn clear(&self) {
        loop {
            let tasks = std::mem::take(&mut self.list.borrow_mut().tasks);
            if tasks.is_empty() {
                return;
            }
            drop(tasks);
        }
    }
}

/// The task that is polled. Whether it has ended or has panicked, its place is free afterwards.
struct Polling<'a>(&'a Tasks, usize);

impl Polling<'_> {
    fn new(tasks: &Tasks, place: usize) -> Polling<'_> {
        tasks.is_polling.set(true);
        Polling(tasks, place)
    }

    fn goes_on(self) {
        self.0.is_polling.set(false);
        std::mem::forget(self);
    }
}

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        self.0.is_polling.set(false);
        self.0.list.borrow_mut().free.push(self.1);
    }
}

impl Queue {
    fn ready(&self) -> MutexGuard<'_, VecDeque<usize>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<usize> {
        self.ready().pop_front()
    }

    fn count(&self) -> usize {
        self.ready().len()
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.is_set.swap(true, Ordering::AcqRel) {
            return;
        }
        if self.place != MAIN {
            self.queue.ready().push_back(self.place);
        }
        if thread::current().id() != self.queue.thread {
            let _ = self.queue.remote.wake(); // a loop that is no more needs no waking
        }
    }
}

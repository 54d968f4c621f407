//! After warm-up an operation allocates nothing.

use pendio::{Event, Events, Loop};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::Result;
use std::os::unix::net::UnixStream;
use std::rc::Rc;

struct Counting;

thread_local! {
    /// Of this thread: that which runs the tests keeps its own books meanwhile.
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: everything is the system's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What is over is started again, by turns a send and a receive of what was sent.
fn go_on(event_loop: &Loop, events: &mut Events, operations: usize) -> Result<()> {
    let mut count = 0;
    while count < operations {
        event_loop.turn(None, events)?;
        while let Some(Event::Completed(completed)) = events.pop_front() {
            count += 1;
            completed.result()?;
            let handle = completed.on();
            let context = completed.into_context();
            let started = match context.user_data() {
                0 => context.nop(),
                1 => context.receive(handle),
                _ => context.send(handle),
            };
            started?.leave(events);
        }
    }
    Ok(())
}

#[test]
fn operations_allocate_nothing() -> Result<()> {
    let (event_loop, mut events) = (Loop::new()?, Events::with_capacity(64));
    let (here, there) = UnixStream::pair()?;
    let (here, there) = (event_loop.adopt(here)?, event_loop.adopt(there)?);
    let pool = event_loop.pool(5, 64)?;
    let mut contexts = (pool.get()?, pool.get()?, pool.get()?);
    contexts.1.set_user_data(1);
    contexts.2.set_user_data(2);
    contexts.0.nop()?.leave(&mut events);
    contexts.1.receive(&here)?.leave(&mut events);
    contexts.2.send(&there)?.leave(&mut events);
    go_on(&event_loop, &mut events, 1000)?;
    let before = COUNT.with(Cell::get);
    go_on(&event_loop, &mut events, 10000)?;
    assert_eq!(COUNT.with(Cell::get), before);

    let (asked, answered) = (pool.get()?, Rc::new(Cell::new(0)));
    let answers = answered.clone();
    event_loop.spawn(async move {
        let mut context = asked;
        loop {
            context = context.nop().unwrap().await.into_context();
            answers.set(answers.get() + 1);
        }
    });
    event_loop.block_on(async {
        let mut context = pool.get()?;
        for round in 0..1100 {
            if round == 100 {
                COUNT.with(|count| count.set(0));
            }
            context = context.nop()?.await.into_context();
        }
        assert_eq!(COUNT.with(Cell::get), 0, "a task that awaits allocates nothing");
        assert!(answered.get() > 1000, "nor do two");
        Ok(())
    })?
}

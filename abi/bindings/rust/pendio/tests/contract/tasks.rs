use pendio::{Event, Events, Loop};
use std::cell::Cell;
use std::future::Future;
use std::io::Result;
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

#[test]
fn tasks_run_beside_what_is_waited_for() -> Result<()> {
    let event_loop = Loop::new()?;
    let pool = event_loop.pool(64, 0)?;
    let count = Rc::new(Cell::new(0));
    for number in 0..50_u64 {
        let (context, count) = (pool.get()?, count.clone());
        event_loop.spawn(async move {
            let short = Duration::from_micros(number * 20);
            let mut context = context.timer(short).unwrap().await.into_context();
            for _ in 0..10 {
                context = context.nop().unwrap().await.into_context();
            }
            count.set(count.get() + 1);
        });
    }
    event_loop.block_on(async {
        let mut context = pool.get()?;
        while count.get() < 50 {
            context = context.timer(Duration::from_millis(1))?.await.into_context();
        }
        Ok(())
    })?
}

#[test]
fn one_end_of_a_conversation_answers_the_other() -> Result<()> {
    let event_loop = Loop::new()?;
    let (here, there) = UnixStream::pair()?;
    let (here, there) = (event_loop.adopt(here)?, event_loop.adopt(there)?);
    let pool = event_loop.pool(2, 64)?;
    let mut context = pool.get()?;
    event_loop.spawn(async move {
        loop {
            let received = context.receive(&there).unwrap().await;
            let count = received.bytes();
            if count == 0 {
                return;
            }
            context = received.into_context();
            context.set_window(0, count).unwrap();
            context = context.send(&there).unwrap().await.into_context();
            context.set_slice().unwrap();
        }
    });
    event_loop.block_on(async {
        let mut context = pool.get()?;
        for number in 0..100 {
            context.memory_mut().fill(number);
            context = context.send(&here)?.await.into_context();
            context.memory_mut().fill(0);
            let answer = context.receive(&here)?.await;
            assert_eq!(answer.data(), vec![number; answer.bytes()]);
            context = answer.into_context();
        }
        Ok(())
    })?
}

#[test]
fn what_else_comes_is_for_the_next_turn() -> Result<()> {
    let (event_loop, mut events) = (Loop::new()?, Events::new());
    let pool = event_loop.pool(2, 0)?;
    pool.get()?.nop()?.leave(&mut events);
    event_loop.remote().post(3, 4)?;
    event_loop.block_on(pool.get()?.timer(Duration::from_millis(1))?)?.result()?;
    assert_eq!(event_loop.turn(None, &mut events)?, 2);
    let posted = events.iter().any(|event| matches!(event, Event::Posted { value: 4, .. }));
    assert!(posted && events.len() == 2);
    Ok(())
}

/// Ready when another thread says so.
#[derive(Clone, Default)]
struct Signal(Arc<Mutex<(bool, Option<Waker>)>>);

impl Future for Signal {
    type Output = ();

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.lock().unwrap();
        if state.0 {
            return Poll::Ready(());
        }
        state.1 = Some(task.waker().clone());
        Poll::Pending
    }
}

#[test]
fn other_threads_wake_tasks() -> Result<()> {
    let event_loop = Loop::new()?;
    let (asked, answered) = (Signal::default(), Signal::default());
    let other = asked.clone();
    std::thread::spawn(move || {
        let mut state = other.0.lock().unwrap();
        state.0 = true;
        if let Some(waker) = state.1.take() {
            waker.wake();
        }
    });
    let tell = answered.clone();
    event_loop.spawn(async move {
        asked.await;
        let mut state = tell.0.lock().unwrap();
        state.0 = true;
        if let Some(waker) = state.1.take() {
            waker.wake();
        }
    });
    event_loop.block_on(answered)
}

#[test]
fn task_that_panics_takes_no_other_with_it() -> Result<()> {
    let event_loop = Loop::new()?;
    let pool = event_loop.pool(2, 0)?;
    let count = Rc::new(Cell::new(0));
    for number in 0..4 {
        let count = count.clone();
        event_loop.spawn(async move {
            assert!(number != 1, "on purpose");
            count.set(count.get() + 1);
        });
    }
    let run = || event_loop.block_on(pool.get().unwrap().nop().unwrap()).map(drop);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
    assert!(panicked.is_err());
    run()?;
    assert_eq!(count.get(), 3);
    Ok(())
}

#[test]
fn task_cannot_block_the_loop_that_runs_it() -> Result<()> {
    let event_loop = Rc::new(Loop::new()?);
    let pool = event_loop.pool(1, 0)?;
    let kind = Rc::new(Cell::new(None));
    let (inner, answer) = (event_loop.clone(), kind.clone());
    event_loop.spawn(async move {
        answer.set(Some(inner.block_on(async {}).unwrap_err().raw_os_error()));
    });
    event_loop.block_on(pool.get()?.nop()?)?.result()?;
    assert_eq!(kind.get(), Some(Some(16)), "EBUSY");
    event_loop.block_on(async { event_loop.block_on(async {}) })?
}

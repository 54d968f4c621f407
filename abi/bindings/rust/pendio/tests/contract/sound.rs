//! What safe programs may do and nobody would: no memory is harmed, and nothing is lost.

use crate::{next, scratch};
use pendio::{Context, Event, Events, Handle, Loop, LoopOptions, Pending, Pool, Started};
use std::cell::RefCell;
use std::future::Future;
use std::io::{Read, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::os::raw::c_int;
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, Wake, Waker};
use std::time::Duration;

pub fn pending(started: Started) -> Pending {
    match started {
        Started::Pending(pending) => pending,
        Started::Done(_) => panic!("it is done"),
    }
}

/// A context that was lent what has arrived, and has left it to the next.
fn peek(event_loop: &Loop, pool: &Pool, handle: &Handle) -> Result<pendio::Completed> {
    let mut context = pool.get()?;
    context.set_lending()?;
    context.set_peek(true)?;
    event_loop.block_on(context.receive(handle)?)
}

#[test]
fn what_others_were_lent_too_is_not_written_to() -> Result<()> {
    let event_loop = Loop::new()?;
    let pool = event_loop.pool(4, 0)?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut there = TcpStream::connect(listener.local_addr()?)?;
    let here = event_loop.adopt(listener.accept()?.0)?;
    there.write_all(b"what was received")?;
    let one = peek(&event_loop, &pool, &here)?;
    let other = peek(&event_loop, &pool, &here)?;
    let data = one.data();
    assert_eq!(data, b"what was received");

    let path = scratch("lent");
    std::fs::write(&path, [b'x'; 17])?;
    let file = event_loop.adopt(std::fs::File::open(&path)?)?;
    std::fs::remove_file(&path)?;
    let refused = other.into_context().read(&file, 0).expect_err("it would write to what is lent");
    let refused = refused.into_context().stat(&file).expect_err("so would this");
    let refused = refused.into_context().stat_path("/").expect_err("and this");
    assert_eq!(data, b"what was received");
    let mut context = refused.into_context();
    context.set_vector(vec![0; 17])?;
    assert_eq!(event_loop.block_on(context.read(&file, 0)?)?.data(), [b'x'; 17]);
    Ok(())
}

#[test]
fn what_was_lent_stays_while_others_go_on() -> Result<()> {
    let event_loop = Loop::with(&LoopOptions { buffer_count: 4, ..Default::default() })?;
    let pool = event_loop.pool(2, 0)?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut there = TcpStream::connect(listener.local_addr()?)?;
    let here = event_loop.adopt(listener.accept()?.0)?;
    there.write_all(b"what was received")?;
    let one = peek(&event_loop, &pool, &here)?;
    let data = one.data();
    let sender = std::thread::spawn(move || there.write_all(&[b'x'; 1 << 18]));
    let (mut context, mut count) = (pool.get()?, 0);
    context.set_lending()?;
    loop {
        let received = event_loop.block_on(context.receive(&here)?)?;
        count += received.result()?;
        if received.is_end_of_stream() {
            break;
        }
        context = received.into_context();
    }
    sender.join().unwrap()?;
    assert_eq!((data, count), (&b"what was received"[..], data.len() + (1 << 18)));
    Ok(())
}

thread_local! {
    static KEPT: RefCell<Option<(Context, Handle)>> = const { RefCell::new(None) };
    static STARTED: RefCell<Option<Started>> = const { RefCell::new(None) };
}

/// Starts an operation when it is dropped.
struct Starter;

impl Wake for Starter {
    fn wake(self: Arc<Self>) {}
}

impl Drop for Starter {
    fn drop(&mut self) {
        let (context, handle) = KEPT.with(|kept| kept.borrow_mut().take().unwrap());
        STARTED.with(|started| *started.borrow_mut() = Some(context.receive(&handle).unwrap()));
        std::mem::forget(handle);
    }
}

#[test]
fn waker_may_start_operations_when_it_is_dropped() -> Result<()> {
    let event_loop = Loop::new()?;
    let pool = event_loop.pool(4, 16)?;
    let (here, mut there) = UnixStream::pair()?;
    for is_polled_again in [true, false] {
        let handle = event_loop.adopt(here.try_clone()?)?;
        KEPT.with(|kept| *kept.borrow_mut() = Some((pool.get().unwrap(), handle)));
        let mut awaited = pending(pool.get()?.timer(Duration::from_secs(1000))?);
        let waker = Waker::from(Arc::new(Starter));
        let task = &mut std::task::Context::from_waker(&waker);
        assert!(Pin::new(&mut awaited).poll(task).is_pending());
        drop(waker);
        if is_polled_again {
            let waker = event_loop.remote().waker();
            let task = &mut std::task::Context::from_waker(&waker);
            assert!(Pin::new(&mut awaited).poll(task).is_pending());
        } else {
            drop(awaited);
        }
        there.write_all(b"data")?;
        let started = STARTED.with(|started| started.borrow_mut().take().unwrap());
        assert_eq!(event_loop.block_on(started)?.data(), b"data");
        event_loop.turn(Some(Duration::ZERO), &mut Events::new())?;
    }
    Ok(())
}

#[test]
fn same_task_is_woken_once_and_another_instead_of_it() -> Result<()> {
    let (event_loop, mut events) = (Loop::new()?, Events::new());
    let mut awaited = pending(event_loop.pool(1, 0)?.get()?.nop()?);
    let (former, latter) = (Arc::new(Counter::default()), Arc::new(Counter::default()));
    for counter in [&former, &former, &latter, &latter] {
        let waker = Waker::from(counter.clone());
        let task = &mut std::task::Context::from_waker(&waker);
        assert!(Pin::new(&mut awaited).poll(task).is_pending());
    }
    event_loop.turn(None, &mut events)?;
    assert_eq!((former.count(), latter.count()), (0, 1));
    let waker = event_loop.remote().waker();
    let task = &mut std::task::Context::from_waker(&waker);
    assert!(matches!(Pin::new(&mut awaited).poll(task), Poll::Ready(_)));
    Ok(())
}

#[derive(Default)]
struct Counter(std::sync::atomic::AtomicUsize);

impl Counter {
    fn count(&self) -> usize {
        self.0.load(std::sync::atomic::Ordering::Relaxed)
    }
}

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
}

#[test]
fn forgotten_values_harm_nothing() -> Result<()> {
    let (event_loop, mut events) = (Loop::new()?, Events::new());
    let (here, mut there) = UnixStream::pair()?;
    let here = event_loop.adopt(here)?;
    let pool = event_loop.pool(4, 0)?;
    for _ in 0..2 {
        let mut context = pool.get()?;
        context.set_vector(vec![0; 4])?;
        std::mem::forget(context.receive(&here)?);
    }
    std::mem::forget(pool.get()?);
    there.write_all(b"lostlostthe rest")?;
    while event_loop.turn(Some(Duration::from_millis(1)), &mut events)? > 0 {}
    let mut context = pool.get()?;
    context.set_vector(vec![0; 64])?;
    assert_eq!(event_loop.block_on(context.receive(&here)?)?.data(), b"the rest");
    std::mem::forget(event_loop);
    Ok(())
}

#[test]
fn everything_may_be_dropped_in_any_order() -> Result<()> {
    for order in 0..24 {
        let event_loop = Loop::new()?;
        let remote = event_loop.remote();
        let (here, _there) = UnixStream::pair()?;
        let here = event_loop.adopt(here)?;
        let pool = event_loop.pool(2, 64)?;
        let started = pool.get()?.receive(&here)?;
        let mut all: Vec<Box<dyn std::any::Any>> =
            vec![Box::new(event_loop), Box::new(pool), Box::new(here), Box::new(started)];
        let mut which = order;
        while !all.is_empty() {
            drop(all.remove(which % all.len()));
            which /= all.len() + 1;
        }
        assert!(remote.wake().is_err(), "nothing of the loop is left, order {order}");
    }
    Ok(())
}

#[test]
fn what_is_left_after_the_end_of_its_loop_is_let_go() -> Result<()> {
    let event_loop = Loop::new()?;
    let remote = event_loop.remote();
    let started = event_loop.pool(1, 0)?.get()?.timer(Duration::from_secs(1000))?;
    assert_eq!(event_loop.end(), 0);
    started.leave(&mut Events::new()); // no turn will ever bring it
    assert!(remote.wake().is_err(), "nothing of the loop is left");
    Ok(())
}

#[test]
fn longest_times_are_no_time_at_all() -> Result<()> {
    let (event_loop, mut events) = (Loop::new()?, Events::new());
    let pool = event_loop.pool(2, 0)?;
    let timer = pending(pool.get()?.timer(Duration::MAX)?);
    let mut context = pool.get()?;
    context.set_deadline(Duration::MAX)?;
    context.nop()?.leave(&mut events);
    assert_eq!(event_loop.turn(Some(Duration::MAX), &mut events)?, 1);
    next(&event_loop, &mut events).result()?;
    assert!(!timer.is_over());
    assert!(!pendio::explain(&std::io::Error::from_raw_os_error(i32::MIN)).is_empty());
    Ok(())
}

extern "C" {
    fn fork() -> c_int;
    fn _exit(status: c_int) -> !;
    fn waitpid(pid: c_int, status: *mut c_int, options: c_int) -> c_int;
}

/// Everything is refused, and letting go of everything does nothing to the parent.
fn in_the_child(event_loop: Loop, pool: Pool, handle: Handle, started: Started) -> bool {
    let remote = event_loop.remote();
    let is_refused = pool.get().is_err()
        && remote.wake().is_err()
        && remote.post(1, 1).is_err()
        && event_loop.turn(Some(Duration::ZERO), &mut Events::new()).is_err()
        && handle.local().is_err()
        && pending(started).cancel().is_err();
    drop((handle, pool));
    event_loop.end();
    is_refused
}

#[test]
fn forked_child_is_refused_and_does_no_harm() -> Result<()> {
    let (event_loop, mut events) = (Loop::new()?, Events::new());
    let pool = event_loop.pool(2, 64)?;
    let (here, mut there) = UnixStream::pair()?;
    let here = event_loop.adopt(here)?;
    let started = pool.get()?.receive(&here)?;
    event_loop.turn(Some(Duration::ZERO), &mut events)?;
    // SAFETY: the child does nothing but this and ends; the parent waits for it.
    let child = unsafe { fork() };
    if child == 0 {
        let as_said = in_the_child(event_loop, pool, here, started);
        unsafe { _exit(if as_said { 0 } else { 1 }) };
    }
    let mut status = -1;
    assert_eq!(unsafe { waitpid(child, &mut status, 0) }, child);
    assert_eq!(status, 0);
    there.write_all(b"data")?;
    started.leave(&mut events);
    assert_eq!(next(&event_loop, &mut events).data(), b"data");
    drop(here);
    event_loop.turn(Some(Duration::ZERO), &mut events)?;
    assert_eq!(there.read(&mut [0])?, 0);
    Ok(())
}

#[test]
fn operations_of_one_loop_are_none_of_another() -> Result<()> {
    let (one, other, mut events) = (Loop::new()?, Loop::new()?, Events::new());
    let (here, _there) = UnixStream::pair()?;
    let here = one.adopt(here)?;
    let (its_pool, pool) = (one.pool(1, 64)?, other.pool(1, 64)?);
    assert!(pool.get()?.receive(&here).is_err());
    let started = pending(its_pool.get()?.receive(&here)?);
    assert!(other.cancel(started.run()).is_err());
    pool.get()?.nop()?.leave(&mut events);
    drop(other);
    started.cancel()?;
    assert!(one.block_on(started)?.is_by_cancel());
    assert!(!events.iter().any(|event| matches!(event, Event::Posted { .. })));
    Ok(())
}

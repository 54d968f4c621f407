//! Operations that nobody waits for any more, and loops that end before them.

use crate::next;
use pendio::{is_shutdown, Event, Events, Loop, Started};
use std::io::{Read, Result, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;

#[test]
fn dropped_operation_is_cancelled_and_its_context_comes_back_later() -> Result<()> {
    let event_loop = Loop::new()?;
    let (here, _there) = UnixStream::pair()?;
    let here = event_loop.adopt(here)?;
    let pool = event_loop.pool(1, 0)?;
    let mut context = pool.get()?;
    context.set_vector(vec![0; 1 << 20])?;
    drop(context.receive(&here)?);
    assert!(pool.get().is_err(), "the kernel may still write to its memory");
    let mut events = Events::new();
    while pool.get().is_err() {
        event_loop.turn(None, &mut events)?;
    }
    assert!(events.is_empty(), "nobody is told");
    Ok(())
}

#[test]
fn connection_that_nobody_wants_is_closed() -> Result<()> {
    let event_loop = Loop::new()?;
    let listener = event_loop.adopt(std::net::TcpListener::bind("127.0.0.1:0")?)?;
    let address = listener.local()?.to_socket_addr().unwrap();
    let pool = event_loop.pool(1, 0)?;
    let pending = pool.get()?.accept(&listener)?;
    event_loop.flush()?;
    let mut client = TcpStream::connect(address)?;
    drop(pending); // cancelled too late, or just in time
    let mut events = Events::new();
    while pool.get().is_err() {
        event_loop.turn(None, &mut events)?;
    }
    drop(listener);
    event_loop.turn(Some(Duration::ZERO), &mut events)?;
    // Whether it was handed out or went with its listener: it is open nowhere.
    let ended = client.read(&mut [0]);
    assert!(matches!(ended, Ok(0) | Err(_)));
    Ok(())
}

#[test]
fn operation_that_is_over_is_dropped_without_a_trace() -> Result<()> {
    let (event_loop, mut events) = (Loop::new()?, Events::new());
    let pool = event_loop.pool(1, 0)?;
    let started = pool.get()?.nop()?;
    event_loop.turn(None, &mut events)?;
    drop(started);
    assert!(events.is_empty());
    let pending = match pool.get()?.nop()? {
        Started::Pending(pending) => pending,
        Started::Done(_) => panic!("a nop is pending"),
    };
    let pending = pending.take().expect_err("no turn was there");
    event_loop.turn(None, &mut events)?;
    assert!(pending.is_over());
    pending.leave(); // comes with the next turn, as it would have
    next(&event_loop, &mut events).result()?;
    assert!(pool.get().is_ok());
    Ok(())
}

#[test]
fn loop_ends_with_everything_under_way() -> Result<()> {
    let event_loop = Loop::new()?;
    let remote = event_loop.remote();
    let (here, mut there) = UnixStream::pair()?;
    let here = event_loop.adopt(here)?;
    let pool = event_loop.pool(4, 64)?;
    let held = pool.get()?.receive(&here)?;
    let mut events = Events::new();
    pool.get()?.receive(&here)?.leave(&mut events);
    drop(pool.get()?.receive(&here)?);
    event_loop.spawn(std::future::pending());
    drop(event_loop);

    let pending = match held {
        Started::Pending(pending) => pending,
        Started::Done(_) => panic!("there are no data"),
    };
    let ended = pending.take().expect("the end of the loop has ended it");
    assert!(ended.is_by_cancel());
    let refused = ended.into_context().nop().unwrap_err();
    assert!(is_shutdown(refused.error()));
    drop(refused);
    assert!(remote.wake().is_ok(), "its pool and its handle are left");
    drop((pool, here));
    assert!(is_shutdown(&remote.wake().unwrap_err()), "now it is gone");
    assert_eq!(there.write(b"x").unwrap_err().kind(), std::io::ErrorKind::BrokenPipe);
    Ok(())
}

#[test]
fn task_with_operations_ends_with_its_loop() -> Result<()> {
    let event_loop = Loop::new()?;
    let remote = event_loop.remote();
    let pool = event_loop.pool(2, 0)?;
    let context = pool.get()?;
    event_loop.spawn(async move {
        let hours = Duration::from_secs(10000);
        drop(context.timer(hours).map_err(std::io::Error::from).unwrap().await);
    });
    event_loop.block_on(pool.get()?.nop()?)?.result()?;
    drop((event_loop, pool));
    assert!(is_shutdown(&remote.wake().unwrap_err()), "nobody holds it");
    Ok(())
}

#[test]
fn shutdown_is_over_when_everything_was_told() -> Result<()> {
    let (event_loop, mut events) = (Loop::new()?, Events::new());
    event_loop.pool(1, 0)?.get()?.timer(Duration::from_secs(1000))?.leave(&mut events);
    event_loop.remote().post(1, 2)?;
    event_loop.shutdown()?;
    let end = loop {
        if let Err(error) = event_loop.turn(None, &mut events) {
            break error;
        }
    };
    assert!(is_shutdown(&end));
    let told = events.iter().filter(|event| matches!(event, Event::Completed(_))).count();
    assert_eq!(told, 1);
    Ok(())
}

//! What other threads may do, and what the compiler lets none of them do.

use crate::next;
use pendio::{Event, Events, HandleId, Loop};
use std::io::{Read, Result, Write};
use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::thread;

#[test]
fn other_threads_wake_and_post() -> Result<()> {
    let (event_loop, mut events) = (Loop::new()?, Events::new());
    let remote = event_loop.remote();
    let other = thread::spawn(move || (0..100).try_for_each(|number| remote.post(1, number)));
    let mut sum = 0;
    while sum < 4950 {
        event_loop.turn(None, &mut events)?;
        for event in events.drain(..) {
            match event {
                Event::Posted { user_data: 1, value } => sum += value,
                other => panic!("{other:?}"),
            }
        }
    }
    other.join().unwrap()?;
    let remote = event_loop.remote();
    thread::spawn(move || remote.waker().wake());
    assert_eq!(event_loop.turn(None, &mut events)?, 0);
    Ok(())
}

#[test]
fn handle_moves_to_the_loop_of_another_thread() -> Result<()> {
    let (here, mut there) = UnixStream::pair()?;
    let (tell, hear) = mpsc::channel();
    let target = thread::spawn(move || -> Result<Vec<u8>> {
        let (event_loop, mut events) = (Loop::new()?, Events::new());
        tell.send(event_loop.remote()).unwrap();
        let handle = loop {
            event_loop.turn(None, &mut events)?;
            if let Some(Event::Posted { value, .. }) = events.pop_front() {
                break event_loop.claim(HandleId::from_raw(value));
            }
        };
        let context = event_loop.pool(1, 16)?.get()?;
        Ok(event_loop.block_on(context.receive(&handle)?)?.data().to_vec())
    });
    let (event_loop, mut events) = (Loop::new()?, Events::new());
    let handle = event_loop.adopt(here)?;
    let remote = hear.recv().unwrap();
    event_loop.pool(1, 0)?.get()?.move_to(&handle, &remote)?.leave(&mut events);
    let moved = next(&event_loop, &mut events);
    moved.result()?;
    remote.post(0, moved.value())?;
    there.write_all(b"moved")?;
    assert_eq!(target.join().unwrap()?, b"moved");
    assert_eq!(there.read(&mut [0])?, 0);
    Ok(())
}

#[test]
fn loop_that_is_gone_refuses_other_threads() -> Result<()> {
    let event_loop = Loop::new()?;
    let remote = event_loop.remote();
    let other = thread::spawn({
        let remote = remote.clone();
        move || while remote.wake().is_ok() {}
    });
    drop(event_loop);
    other.join().unwrap();
    assert!(remote.post(0, 0).is_err());
    Ok(())
}

/// Compiles only where one of the two implementations fits: for what is not `Send`, or `Sync`.
macro_rules! assert_not {
    ($trait:ident: $($type:ty),+) => {{
        trait IsEither<A> {
            fn check() {}
        }
        struct Other;
        impl<T: ?Sized> IsEither<()> for T {}
        impl<T: ?Sized + $trait> IsEither<Other> for T {}
        $(<$type as IsEither<_>>::check();)+
    }};
}

#[test]
fn nothing_of_a_loop_goes_to_another_thread() {
    use pendio::{
        Completed, Context, Events, Handle, Loop, Pending, Pool, Refused, Start, Started,
    };
    assert_not!(Send: Loop, Pool, Context, Handle, Pending, Started, Start);
    assert_not!(Sync: Loop, Pool, Context, Handle, Pending, Started, Start);
    assert_not!(Send: Completed, Refused, Events, &Loop, &Context, &Handle);
    assert_not!(Sync: Completed, Refused, Events, &Loop, &Context, &Handle);
    fn may_go<T: Send + Sync>() {}
    may_go::<pendio::Remote>();
    may_go::<pendio::Endpoint>();
    may_go::<pendio::LoopOptions>();
}

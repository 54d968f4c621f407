use crate::next;
use pendio::{Close, Endpoint, Events, HandleId, Loop, Policy, Started};
use std::io::{ErrorKind, Read, Result, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::time::Duration;

#[test]
fn connection_is_accepted_and_echoes_what_is_lent() -> Result<()> {
    let event_loop = Loop::new()?;
    let listener = event_loop.listen("127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap(), 8)?;
    let address = listener.local()?.to_socket_addr().unwrap();
    let pool = event_loop.pool(2, 0)?;
    let mut client = TcpStream::connect(address)?;
    let connection = event_loop.block_on(pool.get()?.accept(&listener)?)?.take_handle()?;
    assert_eq!(connection.peer()?.to_socket_addr(), Some(client.local_addr()?));

    client.write_all(b"lent")?;
    let mut context = pool.get()?;
    context.set_lending()?;
    let mut received = event_loop.block_on(context.receive(&connection)?)?;
    assert_eq!(received.data(), b"lent");
    assert_eq!(received.context_mut().memory_mut(), b"", "others may read it, too");
    let sent = event_loop.block_on(received.into_context().send(&connection)?)?;
    assert_eq!(sent.result()?, 4);
    assert_eq!(sent.context().memory(), b"", "it was given back");

    drop((sent, connection, listener, pool, event_loop)); // what is closed is so by the end
    let mut text = String::new();
    client.read_to_string(&mut text)?;
    assert_eq!(text, "lent");
    Ok(())
}

#[test]
fn connect_and_connect_by_name() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let event_loop = Loop::new()?;
    let pool = event_loop.pool(1, 0)?;

    let socket = event_loop.socket(2, 1, 0)?;
    let mut context = pool.get()?;
    context.set_endpoint(address)?;
    let connected = event_loop.block_on(context.connect(&socket)?)?;
    connected.result()?;
    assert_eq!(listener.accept()?.1, socket.local()?.to_socket_addr().unwrap());

    let context = connected.into_context();
    let mut named = event_loop.block_on(context.connect_name("127.0.0.1", address.port())?)?;
    let handle = named.take_handle()?;
    assert_eq!(listener.accept()?.1, handle.local()?.to_socket_addr().unwrap());
    Ok(())
}

#[test]
fn vector_and_pieces_come_back() -> Result<()> {
    let event_loop = Loop::new()?;
    let (here, there) = UnixStream::pair()?;
    let (here, there) = (event_loop.adopt(here)?, event_loop.adopt(there)?);
    let pool = event_loop.pool(2, 0)?;
    let (mut sends, mut receives) = (pool.get()?, pool.get()?);
    sends.set_vector(b"text and more".to_vec())?;
    let sent = event_loop.block_on(sends.send(&here)?)?;
    assert_eq!(sent.into_context().take_vector().unwrap(), b"text and more");

    receives.set_pieces(vec![vec![0; 5], Vec::new(), vec![0; 20]])?;
    assert_eq!(receives.memory(), b"", "they are none in one stretch");
    let mut received = event_loop.block_on(receives.receive(&there)?)?;
    assert_eq!(received.result()?, 13);
    assert_eq!(received.context_mut().take_vector(), None);
    let pieces = received.into_context().take_pieces().unwrap();
    assert_eq!((&pieces[0][..], &pieces[2][..8]), (&b"text "[..], &b"and more"[..]));
    Ok(())
}

#[test]
fn window_bounds_what_is_sent_and_seen() -> Result<()> {
    let event_loop = Loop::new()?;
    let (here, mut there) = UnixStream::pair()?;
    let here = event_loop.adopt(here)?;
    let mut context = event_loop.pool(1, 64)?.get()?;
    context.memory_mut()[..6].copy_from_slice(b"abcdef");
    context.set_window(2, 3)?;
    assert_eq!(context.set_window(60, 5).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(context.memory(), b"cde");
    event_loop.block_on(context.send(&here)?)?.result()?;
    let mut seen = [0; 3];
    there.read_exact(&mut seen)?;
    assert_eq!(&seen, b"cde");
    Ok(())
}

#[test]
fn datagrams_tell_their_sender() -> Result<()> {
    let event_loop = Loop::new()?;
    let (one, other) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
    let (from, to) = (one.local_addr()?, other.local_addr()?);
    let (one, other) = (event_loop.adopt(one)?, event_loop.adopt(other)?);
    let pool = event_loop.pool(2, 8)?;
    let (mut sends, mut receives) = (pool.get()?, pool.get()?);
    receives.set_window(0, 8)?;
    sends.set_vector(b"too long for it".to_vec())?;
    sends.set_endpoint(to)?;
    event_loop.block_on(sends.send_to(&one)?)?.result()?;
    let received = event_loop.block_on(receives.receive_from(&other)?)?;
    assert_eq!(received.data(), b"too long");
    assert!(received.is_truncated());
    assert_eq!(received.sender().to_socket_addr(), Some(from));
    Ok(())
}

#[test]
fn start_under_try_is_done_and_under_queue_is_not() -> Result<()> {
    let (event_loop, mut events) = (Loop::new()?, Events::new());
    let (here, mut there) = UnixStream::pair()?;
    let here = event_loop.adopt(here)?;
    there.write_all(b"12")?;
    let mut context = event_loop.pool(1, 1)?.get()?;
    context.set_window(0, 1)?; // slices are rounded up
    context.set_policy(Policy::Try)?;
    let mut context = match context.receive(&here)? {
        Started::Done(completed) => completed.into_context(),
        Started::Pending(_) => panic!("there are data"),
    };
    assert_eq!(context.memory(), b"1");
    context.set_policy(Policy::Queue)?;
    context.set_user_data(41);
    let started = context.receive(&here)?;
    assert!(matches!(started, Started::Pending(_)));
    started.leave(&mut events);
    let completed = next(&event_loop, &mut events);
    assert_eq!((completed.data(), completed.user_data()), (&b"2"[..], 41));
    assert_eq!(completed.on(), here.id());
    Ok(())
}

#[test]
fn deadline_and_cancel_are_told_apart() -> Result<()> {
    let event_loop = Loop::new()?;
    let (here, _there) = UnixStream::pair()?;
    let here = event_loop.adopt(here)?;
    let mut context = event_loop.pool(1, 8)?.get()?;
    context.set_deadline(Duration::from_millis(1))?;
    let late = event_loop.block_on(context.receive(&here)?)?;
    assert_eq!(late.result().unwrap_err().kind(), ErrorKind::TimedOut);
    assert!(late.is_by_deadline() && !late.is_by_cancel());

    let mut context = late.into_context();
    context.set_deadline(Duration::ZERO)?;
    let pending = match context.receive(&here)? {
        Started::Pending(pending) => pending,
        Started::Done(_) => panic!("there are no data"),
    };
    let run = pending.run();
    pending.cancel()?;
    let ended = event_loop.block_on(pending)?;
    assert!(ended.is_by_cancel() && ended.run() == run);
    assert_eq!(event_loop.cancel(run).unwrap_err().kind(), ErrorKind::NotFound);
    Ok(())
}

#[test]
fn refusal_gives_the_context_back() -> Result<()> {
    let event_loop = Loop::new()?;
    let (here, _there) = UnixStream::pair()?;
    let here = event_loop.adopt(here)?;
    let pool = event_loop.pool(1, 8)?;
    let mut context = pool.get()?;
    context.memory_mut()[0] = 9;
    let closed = event_loop.block_on(context.close(&here, Close::Graceful)?)?;
    let refused = closed.into_context().receive(&here).unwrap_err();
    assert_eq!(refused.error().raw_os_error(), Some(9), "EBADF");
    let (context, _) = refused.into_parts();
    assert_eq!(context.memory()[0], 9);
    let refused = context.open("a\0b", 0, 0).unwrap_err();
    assert_eq!(refused.error().kind(), ErrorKind::InvalidInput);
    drop(refused);
    assert!(pool.get()?.receive(HandleId::NONE).is_err());
    assert!(pool.get().is_ok(), "a refused context goes back, too");
    Ok(())
}

#[test]
fn readiness_and_end_of_stream() -> Result<()> {
    const POLLIN: u32 = 1;
    let event_loop = Loop::new()?;
    let (here, mut there) = UnixStream::pair()?;
    let here = event_loop.adopt(here)?;
    there.write_all(b"x")?;
    drop(there);
    let context = event_loop.pool(1, 8)?.get()?;
    let ready = event_loop.block_on(context.poll_ready(&here, POLLIN)?)?;
    assert_eq!(ready.value() & u64::from(POLLIN), u64::from(POLLIN));
    let data = event_loop.block_on(ready.into_context().receive(&here)?)?;
    assert!(!data.is_end_of_stream());
    let end = event_loop.block_on(data.into_context().receive(&here)?)?;
    assert!(end.is_end_of_stream() && end.result()? == 0);
    Ok(())
}

#[test]
fn descriptor_comes_back() -> Result<()> {
    let event_loop = Loop::new()?;
    let (here, mut there) = UnixStream::pair()?;
    let handle = event_loop.adopt(here)?;
    let pool = event_loop.pool(1, 8)?;
    let pending = pool.get()?.receive(&handle)?;
    let (handle, _busy) = handle.detach().unwrap_err();
    drop(pending);
    while pool.get().is_err() {
        event_loop.turn(None, &mut Events::new())?;
    }
    let mut here = UnixStream::from(handle.detach().unwrap());
    there.write_all(b"y")?;
    let mut seen = [0];
    here.read_exact(&mut seen)?;
    assert_eq!(&seen, b"y");
    Ok(())
}

#[test]
fn addresses_of_every_family() {
    for text in ["192.0.2.1:80", "[2001:db8::1]:5353"] {
        let address: std::net::SocketAddr = text.parse().unwrap();
        assert_eq!(Endpoint::from(address).to_socket_addr(), Some(address));
        assert_eq!(format!("{:?}", Endpoint::from(address)), text);
    }
    let path = Endpoint::unix("some/where").unwrap();
    assert_eq!(path.to_path(), Some("some/where".into()));
    assert_eq!(path.to_socket_addr(), None);
    assert!(Endpoint::unix("x".repeat(200)).is_err());
}

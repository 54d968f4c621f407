//! The same echo server in tasks: one for each connection, which awaits what it has started.
//!
//!     echo_tasks PORT [CONNECTIONS]

use pendio::{Context, Handle, Loop};
use std::io;
use std::net::{Ipv4Addr, TcpListener};

fn main() -> io::Result<()> {
    let numbers: Vec<u16> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let connections = numbers.get(1).map_or(1000, |&count| u32::from(count));
    let event_loop = Loop::new()?;
    let port = numbers.first().copied().unwrap_or(0);
    let listener = event_loop.adopt(TcpListener::bind((Ipv4Addr::LOCALHOST, port))?)?;
    let pool = event_loop.pool(connections + 1, 16384)?;
    println!("ready at {:?}", listener.local()?);
    event_loop.block_on(async {
        let mut context = pool.get()?;
        loop {
            let mut accepted = context.accept(&listener)?.await;
            if let (Ok(connection), Ok(context)) = (accepted.take_handle(), pool.get()) {
                event_loop.spawn(async move {
                    echo(context, connection).await.unwrap_or_else(|error| eprintln!("{error}"));
                });
            }
            context = accepted.into_context();
        }
    })?
}

/// The connection is closed, and its context put back, when this ends.
async fn echo(mut context: Context, connection: Handle) -> io::Result<()> {
    connection.set_nodelay(true)?;
    loop {
        let received = context.receive(&connection)?.await;
        let count = received.result()?;
        if count == 0 {
            return Ok(());
        }
        context = received.into_context();
        context.set_window(0, count)?;
        let sent = context.send(&connection)?.await;
        sent.result()?;
        context = sent.into_context();
        context.set_slice()?;
    }
}

//! An echo server: one loop, one pool, one context for each connection, lent what it receives.
//!
//!     echo_server tcp PORT [CONNECTIONS]
//!     echo_server unix PATH [CONNECTIONS]
//!
//! It says "ready" when it listens.

use pendio::sys::{PENDIO_OPERATION_ACCEPT, PENDIO_OPERATION_CLOSE, PENDIO_OPERATION_RECEIVE};
use pendio::{Close, Completed, Context, Event, Events, Handle, Loop, Pool};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::net::UnixListener;

struct Server {
    listener: Handle,
    pool: Pool,
    is_tcp: bool,
    events: Events,
}

fn main() -> io::Result<()> {
    let words: Vec<String> = std::env::args().collect();
    let (is_tcp, address) = match words.get(1..3) {
        Some([family, address]) => (family == "tcp", address),
        _ => {
            eprintln!("usage: echo_server tcp|unix PORT|PATH [CONNECTIONS]");
            std::process::exit(2);
        }
    };
    let connections = words.get(3).and_then(|word| word.parse().ok()).unwrap_or(1000);
    let event_loop = Loop::new()?;
    let listener = if is_tcp {
        let port = address.parse().map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        event_loop.adopt(TcpListener::bind((Ipv4Addr::LOCALHOST, port))?)?
    } else {
        event_loop.adopt(UnixListener::bind(address)?)?
    };
    // One context more accepts; without memory, as what comes is lent.
    let pool = event_loop.pool(connections + 1, 0)?;
    Server { listener, pool, is_tcp, events: Events::new() }.serve(&event_loop)
}

impl Server {
    fn serve(&mut self, event_loop: &Loop) -> io::Result<()> {
        self.accept(self.pool.get()?)?;
        println!("ready");
        loop {
            event_loop.turn(None, &mut self.events)?;
            while let Some(event) = self.events.pop_front() {
                if let Event::Completed(completed) = event {
                    self.go_on(completed)?;
                }
            }
        }
    }

    /// Starts what follows. What is done already goes to the events, as what was pending does.
    fn go_on(&mut self, completed: Completed) -> io::Result<()> {
        let connection = completed.on();
        let started = match completed.operation() {
            PENDIO_OPERATION_ACCEPT => return self.welcome(completed),
            PENDIO_OPERATION_CLOSE => return Ok(()), // its context goes back to the pool
            _ if completed.result().is_err() || completed.is_end_of_stream() => {
                completed.into_context().close(connection, Close::Graceful)
            }
            PENDIO_OPERATION_RECEIVE => completed.into_context().send(connection),
            _ => completed.into_context().receive(connection),
        };
        started?.leave(&mut self.events);
        Ok(())
    }

    /// The connection gets a context of its own, or is closed; this one goes on accepting.
    fn welcome(&mut self, mut completed: Completed) -> io::Result<()> {
        if let (Ok(connection), Ok(mut context)) = (completed.take_handle(), self.pool.get()) {
            if self.is_tcp {
                connection.set_nodelay(true)?;
            }
            context.set_lending()?;
            let connection = connection.release(); // it lives until it is closed by name
            context.receive(connection)?.leave(&mut self.events);
        }
        self.accept(completed.into_context())
    }

    fn accept(&mut self, context: Context) -> io::Result<()> {
        context.accept(&self.listener)?.leave(&mut self.events);
        Ok(())
    }
}

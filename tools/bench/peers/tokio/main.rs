//! A peer: tokio, one task for each connection on the runtime of one thread.
//!
//!     bench_tokio tcp|unix PORT|PATH
//!
//! It says "ready" once it listens, and ends on SIGTERM.

use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};

fn main() -> io::Result<()> {
    let words: Vec<String> = std::env::args().collect();
    if words.len() < 3 {
        eprintln!("usage: bench_tokio tcp|unix PORT|PATH");
        std::process::exit(2);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    // Connections are tasks of the runtime, so that the listener wakes for itself alone.
    let listening = match words[1].as_str() {
        "unix" => runtime.spawn(serve_unix(words[2].clone())),
        _ => runtime.spawn(serve_tcp(words[2].clone())),
    };
    runtime.block_on(listening)?
}

async fn serve_tcp(port: String) -> io::Result<()> {
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("ready");
    loop {
        let (connection, _) = listener.accept().await?;
        connection.set_nodelay(true)?;
        tokio::spawn(echo(connection));
    }
}

async fn serve_unix(path: String) -> io::Result<()> {
    let listener = UnixListener::bind(path)?;
    println!("ready");
    loop {
        let (connection, _) = listener.accept().await?;
        tokio::spawn(echo(connection));
    }
}

async fn echo<Connection>(mut connection: Connection) -> io::Result<()>
where
    Connection: AsyncRead + AsyncWrite + Unpin,
{
    let mut window = vec![0; 16384];
    loop {
        let count = connection.read(&mut window).await?;
        if count == 0 {
            return Ok(());
        }
        connection.write_all(&window[..count]).await?;
    }
}

//! The example servers as programs of their own; PENDIO_TEST_WRAPPER may name another to run them.

use crate::scratch;
use std::io::{BufRead, BufReader, Read, Result, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};

struct Server {
    process: Child,
    said: String,
}

impl Server {
    /// Runs until it says that it listens.
    fn start(name: &str, words: &[&str]) -> Server {
        let here = std::env::current_exe().unwrap(); // .../deps/contract-...
        let program = here.parent().unwrap().parent().unwrap().join("examples").join(name);
        let wrapper = std::env::var("PENDIO_TEST_WRAPPER").unwrap_or_default();
        let mut line: Vec<_> = wrapper.split_whitespace().map(std::ffi::OsString::from).collect();
        line.push(program.into());
        let mut process = Command::new(&line[0])
            .args(&line[1..])
            .args(words)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the example is built");
        let mut said = String::new();
        let output = process.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut said).unwrap();
        Server { process, said }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sixteen connections, each with more than one message of another size.
fn talk<Connection: Read + Write>(connect: impl Fn() -> Result<Connection>) -> Result<()> {
    let mut connections = (0..16).map(|_| connect()).collect::<Result<Vec<_>>>()?;
    for size in [1, 64, 5000, 40000] {
        for (number, connection) in connections.iter_mut().enumerate() {
            let message = vec![number as u8 + 1; size];
            connection.write_all(&message)?;
            let mut answer = vec![0; size];
            connection.read_exact(&mut answer)?;
            assert_eq!(answer, message);
        }
    }
    Ok(())
}

fn free_port() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port().to_string()
}

#[test]
fn echo_server_serves_tcp() -> Result<()> {
    let port = free_port();
    let server = Server::start("echo_server", &["tcp", &port, "40"]);
    assert_eq!(server.said, "ready\n");
    for _ in 0..3 {
        // Contexts go back, and come again.
        talk(|| TcpStream::connect(format!("127.0.0.1:{port}")))?;
    }
    Ok(())
}

#[test]
fn echo_server_serves_unix_sockets() -> Result<()> {
    let path = scratch("echo");
    let server = Server::start("echo_server", &["unix", path.to_str().unwrap()]);
    assert_eq!(server.said, "ready\n");
    talk(|| UnixStream::connect(&path))?;
    std::fs::remove_file(&path)
}

#[test]
fn echo_tasks_serve() -> Result<()> {
    let server = Server::start("echo_tasks", &["0", "16"]);
    let address = server.said.trim_end().rsplit(' ').next().unwrap().to_owned();
    talk(|| TcpStream::connect(&address))
}

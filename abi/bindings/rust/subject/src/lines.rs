//! The fields of a line, and what stands for errors and addresses in them.

use pendio::Endpoint;
use std::ffi::CStr;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::raw::{c_char, c_int};

pub const EINVAL: i32 = 22;
pub const EBUSY: i32 = 16;
pub const ENOTSUP: i32 = 95;
pub const EALREADY: i32 = 114;

extern "C" {
    fn strerrorname_np(error: c_int) -> *const c_char;
}

pub fn error(number: i32) -> io::Error {
    io::Error::from_raw_os_error(number)
}

pub fn error_name(error: &io::Error) -> String {
    number_name(error.raw_os_error().unwrap_or(EINVAL))
}

pub fn number_name(number: i32) -> String {
    // SAFETY: a constant string, or NULL.
    let name = unsafe { strerrorname_np(number) };
    if name.is_null() {
        return number.to_string();
    }
    // SAFETY: as above.
    unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned()
}

pub struct Line<'text>(Vec<(&'text str, &'text str)>, &'text str);

/// A field that is missing is "", 0 or empty.
impl<'text> Line<'text> {
    pub fn new(text: &'text str) -> Line<'text> {
        let mut words = text.split(' ');
        let word = words.next().unwrap_or("");
        Line(words.filter_map(|field| field.split_once('=')).collect(), word)
    }

    pub fn word(&self) -> &'text str {
        self.1
    }

    pub fn has(&self, key: &str) -> bool {
        self.0.iter().any(|field| field.0 == key)
    }

    pub fn text(&self, key: &str) -> &'text str {
        self.0.iter().find(|field| field.0 == key).map_or("", |field| field.1)
    }

    pub fn number(&self, key: &str) -> u64 {
        self.text(key).parse().unwrap_or(0)
    }

    pub fn range(&self, key: &str) -> (u64, u64) {
        let (offset, bytes) = self.text(key).split_once('+').unwrap_or(("", ""));
        (offset.parse().unwrap_or(0), bytes.parse().unwrap_or(0))
    }

    pub fn offset(&self, key: &str) -> u64 {
        match self.text(key) {
            "stream" => pendio::STREAMING,
            _ => self.number(key),
        }
    }

    /// As socket(2) has them.
    pub fn family(&self) -> io::Result<(c_int, c_int)> {
        Ok(match self.text("family") {
            "tcp4" => (2, 1),
            "tcp6" => (10, 1),
            "udp4" => (2, 2),
            "udp6" => (10, 2),
            "unix_stream" => (1, 1),
            "unix_datagram" => (1, 2),
            "unix_seqpacket" => (1, 5),
            _ => return Err(error(EINVAL)),
        })
    }

    pub fn address(&self, key: &str) -> io::Result<Endpoint> {
        let text = self.text(key);
        if let Some(path) = text.strip_prefix("unix,") {
            return Endpoint::unix(path);
        }
        let mut parts = text.split(',').skip(1);
        let host = parts.next().and_then(|host| host.parse::<IpAddr>().ok());
        let port = parts.next().and_then(|port| port.parse().ok());
        match (host, port) {
            (Some(host), Some(port)) => Ok(SocketAddr::new(host, port).into()),
            _ => Ok(Endpoint::default()),
        }
    }
}

pub fn tell_address(endpoint: &Endpoint) -> String {
    match (endpoint.to_socket_addr(), endpoint.to_path()) {
        (Some(SocketAddr::V4(address)), _) => format!("ip4,{},{}", address.ip(), address.port()),
        (Some(SocketAddr::V6(address)), _) => format!("ip6,{},{}", address.ip(), address.port()),
        (None, Some(path)) => format!("unix,{}", path.display()),
        // A Unix socket without a name, or none at all.
        (None, None) if endpoint.as_bytes().is_empty() => String::new(),
        (None, None) => "unix,".into(),
    }
}

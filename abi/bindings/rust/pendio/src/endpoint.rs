//! Addresses of sockets: the standard library's, and the system's.

use crate::error::{error, EINVAL};
use pendio_sys::pendio_endpoint;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

const AF_UNIX: u16 = 1;
const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;
const FAMILY_BYTES: usize = 2;
const INET_BYTES: usize = 16;
const INET6_BYTES: usize = 28;
const UNIX_PATH_MAXIMUM: usize = 107;

/// An address of a socket as the system has it.
///
/// ```
/// use pendio::Endpoint;
/// let address = "[::1]:7".parse().unwrap();
/// assert_eq!(Endpoint::from(address).to_socket_addr(), Some(address));
/// ```
#[derive(Clone, Copy, Default)]
pub struct Endpoint(pub(crate) pendio_endpoint);

impl Endpoint {
    /// Of a Unix socket. An error when the path is too long for one.
    pub fn unix(path: impl AsRef<Path>) -> io::Result<Endpoint> {
        let path = path.as_ref().as_os_str().as_bytes();
        if path.is_empty() || path.len() > UNIX_PATH_MAXIMUM || path.contains(&0) {
            return Err(error(EINVAL));
        }
        let mut made = Endpoint::of_family(AF_UNIX, FAMILY_BYTES + path.len() + 1);
        made.0.address[FAMILY_BYTES..FAMILY_BYTES + path.len()].copy_from_slice(path);
        Ok(made)
    }

    /// What the library has filled in.
    pub fn from_raw(raw: pendio_endpoint) -> Endpoint {
        Endpoint(raw)
    }

    /// As IPv4 or IPv6; `None` when it is of another family, or no address at all.
    pub fn to_socket_addr(&self) -> Option<SocketAddr> {
        let bytes = self.as_bytes();
        match self.family()? {
            AF_INET if bytes.len() >= INET_BYTES => {
                let host: [u8; 4] = bytes[4..8].try_into().ok()?;
                Some(SocketAddrV4::new(Ipv4Addr::from(host), self.port()).into())
            }
            AF_INET6 if bytes.len() >= INET6_BYTES => {
                let host: [u8; 16] = bytes[8..24].try_into().ok()?;
                let flow = u32::from_ne_bytes(bytes[4..8].try_into().ok()?);
                let scope = u32::from_ne_bytes(bytes[24..28].try_into().ok()?);
                Some(SocketAddrV6::new(Ipv6Addr::from(host), self.port(), flow, scope).into())
            }
            _ => None,
        }
    }

    /// Of a Unix socket that has a path.
    pub fn to_path(&self) -> Option<PathBuf> {
        let bytes = self.as_bytes();
        if self.family()? != AF_UNIX || bytes.len() <= FAMILY_BYTES || bytes[FAMILY_BYTES] == 0 {
            return None;
        }
        let name = bytes[FAMILY_BYTES..].split(|&byte| byte == 0).next()?;
        Some(PathBuf::from(std::ffi::OsString::from_vec(name.to_vec())))
    }

    /// A `struct sockaddr_...`; empty: there is no address.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0.address[..(self.0.byte_count as usize).min(self.0.address.len())]
    }

    fn of_family(family: u16, byte_count: usize) -> Endpoint {
        let mut made = pendio_endpoint { byte_count: byte_count as u32, ..Default::default() };
        made.address[..FAMILY_BYTES].copy_from_slice(&family.to_ne_bytes());
        Endpoint(made)
    }

    pub(crate) fn family(&self) -> Option<u16> {
        let bytes = self.as_bytes().get(..FAMILY_BYTES)?;
        Some(u16::from_ne_bytes([bytes[0], bytes[1]]))
    }

    fn port(&self) -> u16 {
        u16::from_be_bytes([self.0.address[2], self.0.address[3]])
    }
}

impl From<SocketAddr> for Endpoint {
    fn from(address: SocketAddr) -> Endpoint {
        let mut made = match address {
            SocketAddr::V4(_) => Endpoint::of_family(AF_INET, INET_BYTES),
            SocketAddr::V6(_) => Endpoint::of_family(AF_INET6, INET6_BYTES),
        };
        let bytes = &mut made.0.address;
        bytes[2..4].copy_from_slice(&address.port().to_be_bytes());
        match address {
            SocketAddr::V4(address) => bytes[4..8].copy_from_slice(&address.ip().octets()),
            SocketAddr::V6(address) => {
                bytes[4..8].copy_from_slice(&address.flowinfo().to_ne_bytes());
                bytes[8..24].copy_from_slice(&address.ip().octets());
                bytes[24..28].copy_from_slice(&address.scope_id().to_ne_bytes());
            }
        }
        made
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.to_socket_addr(), self.to_path()) {
            (Some(address), _) => write!(out, "{address}"),
            (None, Some(path)) => write!(out, "{}", path.display()),
            (None, None) => write!(out, "{:?}", self.as_bytes()),
        }
    }
}

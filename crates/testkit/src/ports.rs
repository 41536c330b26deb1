//! Loopback ports for servers that cannot choose their own.
//!
//! A server that can listen on port 0 and say which port it got should do that: between the answer here and its use, another
//! program may take the port. Invariant: one test process never gets the same port twice.

use std::collections::BTreeSet;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Mutex;

/// How often the system is asked before giving up; it hands out a used one only when few are left.
const ATTEMPTS_MAX: u32 = 64;

/// A loopback port that nobody listened on a moment ago.
///
/// # Errors
/// When the system has none left.
pub fn free() -> io::Result<u16> {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    for _ in 0..ATTEMPTS_MAX {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        if GIVEN.lock().expect("no holder panics").insert(port) {
            return Ok(port);
        }
    }
    Err(io::Error::new(io::ErrorKind::AddrInUse, "no loopback port is free: too many servers run on this machine"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_can_be_listened_on_and_are_never_given_twice() {
        let ports: Vec<_> = (0..50).map(|_| free().expect("a free port")).collect();
        assert_eq!(ports.iter().collect::<BTreeSet<_>>().len(), ports.len());
        TcpListener::bind((Ipv4Addr::LOCALHOST, ports[0])).expect("free to listen on");
    }
}

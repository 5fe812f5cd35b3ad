//! Stands between a follower and its primary and flips bits of the log on the way.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Starts to listen; the first `flips` answers that hold records each get one bit flipped. Returns its address and how many
/// are left to flip. Lives as long as the tests.
pub(super) fn start(primary: SocketAddr, flips: i64) -> (SocketAddr, Arc<AtomicI64>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let left = Arc::new(AtomicI64::new(flips));
    let flips = Arc::clone(&left);
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(server) = TcpStream::connect(primary) else {
                continue;
            };
            let (Ok(from), Ok(to)) = (client.try_clone(), server.try_clone()) else {
                continue;
            };
            std::thread::spawn(move || pass(from, to, |_| {}));
            let flips = Arc::clone(&flips);
            std::thread::spawn(move || {
                pass(server, client, |bytes| {
                    let start = b"oslo-log 1";
                    let at = bytes.windows(start.len()).position(|part| part == start);
                    let Some(at) = at.filter(|at| bytes.len() > at + 100) else {
                        return;
                    };
                    if flips.fetch_sub(1, Ordering::Relaxed) > 0 {
                        // Somewhere in what the answer brings, each time elsewhere.
                        let room = (bytes.len() - at) as i64;
                        let place = flips.load(Ordering::Relaxed) * 37 % room;
                        bytes[at + place as usize] ^= 1 << (place % 8);
                    }
                });
            });
        }
    });
    (address, left)
}

fn pass(mut from: TcpStream, mut to: TcpStream, mut change: impl FnMut(&mut [u8])) {
    let mut bytes = vec![0; 1 << 16];
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        change(&mut bytes[..read]);
        if to.write_all(&bytes[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Both);
    let _ = from.shutdown(std::net::Shutdown::Both);
}

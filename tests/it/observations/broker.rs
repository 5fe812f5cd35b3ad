//! Mosquitto in a process of its own, for tests that speak MQTT. Found by `OSLO_MOSQUITTO`, in the path, or where
//! `tests/mqtt/install.sh` puts it; without it tests say loudly that they were skipped, and fail in CI.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A broker at work; killed when dropped.
pub(super) struct Mosquitto {
    child: Child,
    pub(super) address: SocketAddr,
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("OSLO_MOSQUITTO") {
        return Some(named.into());
    }
    let home = std::env::var_os("HOME").unwrap_or_default();
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.unwrap_or_else(|| Path::new(&home).join(".cache"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join("mosquitto"))
        .chain([
            "/usr/sbin/mosquitto".into(),
            cache.join("oslo-registry/mqtt/mosquitto"),
        ])
        .find(|path| path.is_file())
}

impl Mosquitto {
    /// A broker that keeps all that comes for who is away, in memory.
    pub(super) fn start(folder: &Path) -> Option<Self> {
        let Some(program) = program() else {
            assert!(
                std::env::var_os("CI").is_none(),
                "mosquitto is not there: run tests/mqtt/install.sh"
            );
            println!(
                "SKIPPED: mosquitto is not there (tests/mqtt/install.sh); nothing was tried with a broker"
            );
            return None;
        };
        let address = crate::served::free_address();
        let config = folder.join("mosquitto.conf");
        let text = format!(
            "listener {} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_queued_messages 0\nmax_inflight_messages 500\n",
            address.port()
        );
        std::fs::write(&config, text).expect("room");
        let child = Command::new(program)
            .arg("-c")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("mosquitto starts");
        let broker = Self { child, address };
        let since = Instant::now();
        while std::net::TcpStream::connect(address).is_err() {
            assert!(
                since.elapsed() < Duration::from_secs(10),
                "mosquitto does not listen"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(broker)
    }
}

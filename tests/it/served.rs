//! A real `oslo serve` in a process of its own: started on a folder, watched from outside, stopped by signal. Knows the
//! program by its command line alone.

use crate::oslo::{oslo, output};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The token that the server takes.
pub(crate) const TOKEN: &str = "token-van-de-proef-0123456789";

/// A server at work; killed when dropped.
pub(crate) struct Served {
    child: Child,
    log: PathBuf,
}

/// How a server ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) took: Duration,
    /// All that it logged.
    pub(crate) log: String,
}

/// An address that is free now. Whoever asks for it next may be late; nobody here asks twice.
pub(crate) fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("it is bound")
}

/// Puts the example registry into a folder, with all IRIs of the registry itself below `base`.
pub(crate) fn example(data: &Path, base: &str) {
    output(data, ["--base", base, "demo", "--no-serve"]);
}

impl Served {
    /// Serves `data` on an address, with IRIs of the registry below `base`.
    pub(crate) fn start(data: &Path, address: SocketAddr, base: &str, arguments: &[&str]) -> Self {
        let token = data.join("token-van-de-proef");
        fs::write(&token, TOKEN).expect("the token is written");
        let log = data.join("logboek-van-de-proef.txt");
        let mut child = oslo(data)
            .args(["--base", base, "serve", "--bind", &address.to_string()])
            .arg("--admin-token-file")
            .arg(&token)
            .args(arguments)
            .env("RUST_LOG", "info")
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&log).expect("a file for the log"))
            .spawn()
            .expect("the binary runs");
        let mut line = String::new();
        let out = child.stdout.take().expect("piped");
        BufReader::new(out).read_line(&mut line).expect("text");
        let said = line.strip_prefix("http://").and_then(|line| {
            let (address, _) = line.split_once('\t')?;
            address.parse().ok()
        });
        let served = Self { child, log };
        let ready: SocketAddr = said.unwrap_or_else(|| panic!("{line}\n{}", served.log()));
        assert_eq!(ready, address);
        served
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// A number of `/proc/{pid}/status`, such as `VmRSS` in KiB; 0 where there is no such thing.
    pub(crate) fn proc_status(&self, name: &str) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = fs::read_to_string(path).unwrap_or_default();
        let value = |line: &str| {
            let (known, rest) = line.split_once(':')?;
            (known == name).then(|| rest.split_whitespace().next()?.parse().ok())?
        };
        status.lines().find_map(value).unwrap_or(0)
    }

    /// Names and states of its threads, for whoever finds too many.
    pub(crate) fn threads(&self) -> Vec<String> {
        let tasks = format!("/proc/{}/task", self.child.id());
        let Ok(tasks) = fs::read_dir(tasks) else {
            return Vec::new();
        };
        tasks
            .filter_map(|task| fs::read_to_string(task.ok()?.path().join("stat")).ok())
            .filter_map(|stat| {
                let (name, rest) = stat.split_once('(')?.1.rsplit_once(')')?;
                Some(format!("{name}:{}", rest.split_whitespace().next()?))
            })
            .collect()
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Asks it to stop, as a service manager does, and waits for the end.
    pub(crate) fn stop(mut self) -> Ended {
        let since = Instant::now();
        let asked = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        assert!(asked.is_ok_and(|status| status.success()), "no signal sent");
        loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                return Ended {
                    status,
                    took: since.elapsed(),
                    log: self.log(),
                };
            }
            assert!(
                since.elapsed() < Duration::from_secs(60),
                "the server does not stop: {:?}",
                self.threads()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

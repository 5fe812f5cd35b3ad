//! A server in a process of its own, primary or follower, that can be killed and started again on its folder.

use crate::oslo::oslo;
use crate::served::free_address;
use serde_json::Value as Json;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use ureq::Agent;

/// Base IRI of all registries here.
pub(super) const BASE: &str = "http://register.test";
const ADMIN: &str = "token-van-de-beheerder-0123456789";
const FOLLOWER: &str = "token-van-wie-volgt-0123456789";

/// A server on a folder.
pub(super) struct Node {
    child: Option<Child>,
    pub(super) data: PathBuf,
    pub(super) address: SocketAddr,
    arguments: Vec<String>,
    agent: Agent,
}

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) commit: Option<u64>,
    pub(super) body: String,
}

/// A client that takes every status as an answer.
pub(super) fn agent() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(60)))
        .build()
        .into()
}

fn token_file(folder: &Path, name: &str, token: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, token).expect("the token is written");
    path.display().to_string()
}

impl Node {
    fn new(data: PathBuf, arguments: Vec<String>) -> Self {
        Self {
            child: None,
            data,
            address: free_address(),
            arguments,
            agent: agent(),
        }
    }

    /// A primary with a first commit, not started yet.
    pub(super) fn primary(folder: &Path, name: &str) -> Self {
        let data = folder.join(name);
        let first = folder.join("eerste.nq");
        fs::write(&first, "<http://e/s> <http://e/p> \"0\" <http://e/g> .\n").expect("writes");
        let loaded = oslo(&data)
            .args(["--base", BASE, "load"])
            .arg(&first)
            .output()
            .expect("the binary runs");
        assert!(loaded.status.success(), "{loaded:?}");
        Self::primary_on(folder, data)
    }

    /// A primary on a folder that holds a registry.
    pub(super) fn primary_on(folder: &Path, data: PathBuf) -> Self {
        let admin = token_file(folder, "token-beheerder", ADMIN);
        let follower = token_file(folder, "token-wie-volgt", FOLLOWER);
        let arguments = [
            "--base",
            BASE,
            "serve",
            "--admin-token-file",
            &admin,
            "--follower-token-file",
            &follower,
        ];
        Self::new(data, arguments.map(str::to_owned).to_vec())
    }

    /// A follower of whoever is at an address, with an empty folder, not started yet.
    pub(super) fn follower(folder: &Path, name: &str, of: SocketAddr) -> Self {
        Self::follower_with(folder, name, of, FOLLOWER)
    }

    /// A follower with another token.
    pub(super) fn follower_with(folder: &Path, name: &str, of: SocketAddr, token: &str) -> Self {
        let token = token_file(folder, &format!("token-{name}"), token);
        let arguments = [
            "serve",
            "--follow",
            &format!("http://{of}"),
            "--follow-token-file",
            &token,
            "--max-lag",
            "5s",
        ];
        Self::new(folder.join(name), arguments.map(str::to_owned).to_vec())
    }

    /// Adds an argument.
    pub(super) fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments
            .extend(arguments.iter().map(ToString::to_string));
        self
    }

    /// Takes another base IRI.
    pub(super) fn with_base(mut self, base: &str) -> Self {
        for argument in self.arguments.iter_mut().filter(|given| *given == BASE) {
            *argument = base.to_owned();
        }
        self
    }

    fn log_path(&self) -> PathBuf {
        self.data.with_extension("logboek")
    }

    /// What it logged.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    fn spawn(&mut self) -> Child {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.log_path())
            .expect("a file for the log");
        oslo(&self.data)
            .args(&self.arguments)
            .args(["--bind", &self.address.to_string()])
            .env("RUST_LOG", "info")
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the binary runs")
    }

    /// Starts it and waits until it answers.
    pub(super) fn start(&mut self) {
        let mut child = self.spawn();
        let mut line = String::new();
        let out = child.stdout.take().expect("piped");
        BufReader::new(out).read_line(&mut line).expect("text");
        self.child = Some(child);
        assert!(line.starts_with("http://"), "{line}\n{}", self.log());
    }

    /// Starts it where it is to end by itself, and returns whether it ended well.
    pub(super) fn run(&mut self) -> bool {
        self.spawn().wait().expect("it ends").success()
    }

    /// Starts it and does not wait.
    pub(super) fn begin(&mut self) {
        self.child = Some(self.spawn());
    }

    /// SIGKILL.
    pub(super) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("it can be killed");
            child.wait().expect("it can be waited for");
        }
    }

    /// SIGTERM, and waits for the end.
    pub(super) fn stop(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        let asked = Command::new("kill")
            .args(["-TERM", &child.id().to_string()])
            .status();
        assert!(asked.is_ok_and(|status| status.success()), "no signal sent");
        let since = Instant::now();
        while child.try_wait().expect("it can be waited for").is_none() {
            assert!(since.elapsed() < Duration::from_secs(30), "{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Asks for something; `None` when there is no answer.
    pub(super) fn get(&self, path: &str, token: Option<&str>) -> Option<Answer> {
        let url = format!("http://{}{path}", self.address);
        let mut request = self.agent.get(&url).header(
            "accept",
            "application/sparql-results+json, application/json;q=0.9, */*;q=0.1",
        );
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        read(request.call())
    }

    /// Asks a query, of the present state or an earlier one.
    pub(super) fn query(&self, query: &str, as_of: Option<u64>) -> Option<Answer> {
        let encoded: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let as_of = as_of.map(|seq| format!("&asOf={seq}")).unwrap_or_default();
        self.get(&format!("/sparql?query={encoded}{as_of}"), None)
    }

    /// Makes a change with the administrator's token.
    pub(super) fn update(&self, update: &str) -> Option<Answer> {
        update_at(&self.agent, self.address, update)
    }

    /// What it says of itself.
    pub(super) fn health(&self) -> Option<Json> {
        let answer = self.get("/health", None)?;
        serde_json::from_str(&answer.body).ok()
    }

    /// Waits until what it says of itself is as it should be.
    pub(super) fn wait_until(&self, what: &str, is_so: impl Fn(&Json) -> bool) -> Json {
        let since = Instant::now();
        let mut last = None;
        while since.elapsed() < Duration::from_secs(60) {
            last = self.health();
            if let Some(health) = last.as_ref().filter(|health| is_so(health)) {
                return health.clone();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("not in a minute: {what}: {last:?}\n{}", self.log());
    }

    /// Waits until it has everything up to a commit, and knows that.
    pub(super) fn wait_for(&self, seq: u64) -> Json {
        self.wait_until(&format!("commit {seq}"), |health| {
            health["commit"].as_u64() >= Some(seq)
                && health["replica"]["toestand"] == "volgt"
                && health["replica"]["achterstand"]["commits"] == 0
        })
    }

    /// Number of its last commit.
    pub(super) fn commit(&self) -> u64 {
        let health = self.health().expect("answers");
        health["commit"].as_u64().expect("a number")
    }

    /// The files of its log.
    pub(super) fn log_files(&self) -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<_> = fs::read_dir(self.data.join("log"))
            .expect("a folder")
            .map(|entry| {
                let entry = entry.expect("an entry");
                let name = entry.file_name().to_string_lossy().into_owned();
                (name, fs::read(entry.path()).expect("a file"))
            })
            .collect();
        files.sort();
        files
    }
}

/// Makes a change at an address.
pub(super) fn update_at(agent: &Agent, address: SocketAddr, update: &str) -> Option<Answer> {
    let request = agent
        .post(format!("http://{address}/sparql/update"))
        .header("content-type", "application/sparql-update")
        .header("authorization", format!("Bearer {ADMIN}"));
    read(request.send(update))
}

fn read(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Option<Answer> {
    let mut response = response.ok()?;
    let commit = response.headers().get("x-commit");
    let commit = commit.and_then(|value| value.to_str().ok()?.parse().ok());
    Some(Answer {
        status: response.status().as_u16(),
        commit,
        body: String::from_utf8_lossy(&response.body_mut().read_to_vec().ok()?).into_owned(),
    })
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The administrator's token of every primary.
pub(super) fn admin_token() -> &'static str {
    ADMIN
}

/// The token of those who follow.
pub(super) fn follower_token() -> &'static str {
    FOLLOWER
}

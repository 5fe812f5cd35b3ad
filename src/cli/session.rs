//! The registry a command works on: where it is and how it is opened.

use super::console::Console;
use super::problem;
use crate::rdf::label::Language;
use crate::registry::{Registry, RegistryConfig};
use crate::store::{AsOf, OpenOptions, Snapshot};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// Options with another bound on memory, of which readers' caches get a part.
pub(crate) fn with_memory(options: OpenOptions, memory: Option<u64>) -> OpenOptions {
    match memory {
        None => options,
        Some(memory_bytes) => OpenOptions {
            memory_bytes,
            cache_bytes: options.cache_bytes.min(memory_bytes / 8),
            ..options
        },
    }
}

/// The base of a server at an address; one that listens everywhere is named as it is reached here.
fn base_of(address: SocketAddr) -> String {
    let host = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(host, address.port()))
}

/// Data folder, base IRI and console of one run.
pub(crate) struct Session {
    pub(crate) data: PathBuf,
    pub(crate) base: String,
    /// Whether somebody chose the base.
    is_base_chosen: bool,
    pub(crate) console: Console,
}

impl Session {
    pub(crate) fn new(
        data: PathBuf,
        (base, is_base_chosen): (&str, bool),
        console: Console,
    ) -> Self {
        Self {
            data,
            base: base.trim_end_matches('/').to_owned(),
            is_base_chosen,
            console,
        }
    }

    pub(crate) fn config(&self) -> RegistryConfig {
        RegistryConfig {
            base: self.base.clone(),
        }
    }

    /// The registry for reading; works beside a running server.
    pub(crate) fn open_to_read(&self) -> anyhow::Result<Registry> {
        self.open(OpenOptions {
            read_only: true,
            must_exist: true,
            ..OpenOptions::default()
        })
    }

    /// The registry for reading, and its state now or at an earlier moment.
    pub(crate) fn open_state(&self, as_of: Option<AsOf>) -> anyhow::Result<(Registry, Snapshot)> {
        let registry = self.open_to_read()?;
        let Some(moment) = as_of else {
            let state = registry.snapshot();
            return Ok((registry, state));
        };
        let state = registry.store().as_of(moment).map_err(problem::of_store)?;
        let text = self.console.say("toestand na commit", "state after commit");
        self.console.note(&format!("{text} {}", state.seq()));
        Ok((registry, state))
    }

    /// The registry for writing, made when there is none.
    pub(crate) fn open_to_write(&self, memory: Option<u64>) -> anyhow::Result<Registry> {
        self.open(with_memory(OpenOptions::default(), memory))
    }

    /// The registry of a server at an address, for writing, and the session with its base: the one chosen, else the one of
    /// what is stored already, else that address. A port that is not known yet makes no base.
    pub(crate) fn open_to_serve(&self, address: SocketAddr) -> anyhow::Result<(Self, Registry)> {
        if self.is_base_chosen {
            return Ok((self.at(self.base.clone()), self.open_to_write(None)?));
        }
        let mut session = if address.port() == 0 {
            self.at(self.base.clone())
        } else {
            self.at(base_of(address))
        };
        let mut registry = session.open_any(OpenOptions::default())?;
        if let Some(other) = session.other_base(&registry) {
            drop(registry);
            session = self.at(other);
            registry = session.open_any(OpenOptions::default())?;
        }
        Ok((session, registry))
    }

    /// The registry for writing; there must be one.
    pub(crate) fn open_existing(&self, memory: Option<u64>) -> anyhow::Result<Registry> {
        let options = OpenOptions {
            must_exist: true,
            ..OpenOptions::default()
        };
        self.open(with_memory(options, memory))
    }

    /// The registry for a server that follows another; there must be one.
    pub(crate) fn open_to_follow(&self, memory: Option<u64>) -> anyhow::Result<Registry> {
        let options = OpenOptions {
            must_exist: true,
            follows: true,
            ..OpenOptions::default()
        };
        self.open_any(with_memory(options, memory))
    }

    /// The same session with another base.
    pub(crate) fn at(&self, base: String) -> Self {
        Self {
            data: self.data.clone(),
            base,
            ..*self
        }
    }

    /// Whether somebody chose the base.
    pub(crate) fn is_base_chosen(&self) -> bool {
        self.is_base_chosen
    }

    /// The registry under the base chosen, else that of what is stored already, else the usual one.
    fn open(&self, options: OpenOptions) -> anyhow::Result<Registry> {
        let registry = self.open_any(options)?;
        let Some(other) = self.other_base(&registry) else {
            return Ok(registry);
        };
        if self.is_base_chosen {
            self.warn_of_another_base(&other);
            return Ok(registry);
        }
        drop(registry);
        self.at(other).open_any(options)
    }

    fn open_any(&self, options: OpenOptions) -> anyhow::Result<Registry> {
        let mut bar = self
            .console
            .progress(self.console.say("Register openen", "Opening the registry"));
        let opened = Registry::open(&self.data, options, self.config(), &mut |read, total| {
            bar.at(read, total)
        });
        bar.done();
        opened.map_err(problem::of_store)
    }

    /// The base of the stored shapes, when no graph is below that of this session.
    fn other_base(&self, registry: &Registry) -> Option<String> {
        let view = registry.snapshot().view();
        let own = format!("{}/graph/", self.base);
        let mut other = None;
        for graph in view.graph_names() {
            let Some(iri) = view.iri(graph) else { continue };
            if iri.starts_with(&own) {
                return None;
            }
            if let Some((base, _)) = iri.split_once("/graph/shapes/") {
                other = Some(base.to_owned());
            }
        }
        other
    }

    /// Registers and shapes are found by graph names below the base: with another base than at loading, there seem to be none.
    fn warn_of_another_base(&self, other: &str) {
        let text = match self.console.language {
            Language::Nl => format!(
                "waarschuwing: de grafen van dit register staan onder {other}, niet onder {}; gebruik --base {other}",
                self.base
            ),
            Language::En => format!(
                "warning: the graphs of this registry are below {other}, not below {}; use --base {other}",
                self.base
            ),
        };
        eprintln!("{text}");
    }

    pub(crate) fn data(&self) -> &Path {
        &self.data
    }
}

//! Push: what subscribers are told, in which order, and that nothing is lost, whatever they and the server go through.

mod admin;
mod cases;
mod hostile;
mod killed;
mod listening;
mod outage;
mod receiver;
mod told;

use super::http::BASE;
use oslo_registry::feeds::push::{
    Form, Handshake, NewSubscription, PushOptions, Pushing, Start, Subscription,
    SubscriptionStatus, Subscriptions, push,
};
use oslo_registry::query::{QueryOptions, apply_update};
use oslo_registry::registry::{CommitRequest, Mode, Registry, RegistryConfig};
use oslo_registry::store::{CommitMeta, OpenOptions};
use receiver::Receiver;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A registry in a folder, and those it tells.
pub(crate) struct Bench {
    pub(crate) registry: Arc<Registry>,
    pub(crate) subscriptions: Arc<Subscriptions>,
    pushing: Option<Pushing>,
    options: PushOptions,
}

impl Bench {
    /// Tells subscribers on these hosts of our own network, quickly.
    pub(crate) fn at(data: &Path, hosts: &[String]) -> Self {
        let config = RegistryConfig {
            base: BASE.to_owned(),
        };
        let registry = Registry::open(data, OpenOptions::default(), config, &mut |_, _| {});
        let registry = Arc::new(registry.expect("opens"));
        let subscriptions = Arc::new(Subscriptions::open(&registry).expect("reads"));
        let options = PushOptions {
            allowed_hosts: hosts.to_vec(),
            first_wait: Duration::from_millis(20),
            longest_wait: Duration::from_millis(200),
            timeout: Duration::from_secs(1),
            ..PushOptions::default()
        };
        let pushing = push(&registry, &subscriptions, &options).expect("starts");
        Self {
            registry,
            subscriptions,
            pushing: Some(pushing),
            options,
        }
    }

    /// Stops telling, and begins anew with what is kept.
    pub(crate) fn restart(&mut self) {
        self.pushing = None;
        self.subscriptions = Arc::new(Subscriptions::open(&self.registry).expect("reads"));
        let pushing = push(&self.registry, &self.subscriptions, &self.options);
        self.pushing = Some(pushing.expect("starts"));
    }

    pub(crate) fn subscribe(&self, subscription: Subscription) {
        self.subscribe_from(subscription, Start::Now);
    }

    pub(crate) fn subscribe_from(&self, subscription: Subscription, start: Start) {
        let new = NewSubscription {
            subscription,
            secret: None,
            start,
        };
        self.subscriptions
            .add(&self.registry, new)
            .expect("can be kept");
    }

    pub(crate) fn status(&self, name: &str) -> SubscriptionStatus {
        let newest = self.registry.snapshot().seq();
        self.subscriptions.one(name, newest).expect("is there")
    }

    /// Waits until a subscription is as it should be.
    pub(crate) fn wait_until(
        &self,
        name: &str,
        is_so: impl Fn(&SubscriptionStatus) -> bool,
    ) -> SubscriptionStatus {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let status = self.status(name);
            if is_so(&status) {
                return status;
            }
            assert!(Instant::now() < until, "{status:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Makes a commit of an update in SPARQL; its number.
    pub(crate) fn update(&self, text: &str) -> u64 {
        commit(&self.registry, text)
    }
}

/// Makes a commit of an update in SPARQL; its number.
pub(crate) fn commit(registry: &Registry, text: &str) -> u64 {
    let request = CommitRequest::new(CommitMeta {
        agent: format!("{BASE}/id/agent/proef"),
        activity: format!("{BASE}/id/activiteit/proef"),
        source: Vec::new(),
        message: None,
    })
    .with_mode(Mode::Off);
    let done = registry.commit(request, |draft| {
        apply_update(
            draft,
            &(PREFIXES.to_owned() + text),
            &QueryOptions::default(),
        )
    });
    done.unwrap_or_else(|error| panic!("{error:?}")).commit.seq
}

const PREFIXES: &str = "
PREFIX adr: <https://data.vlaanderen.be/ns/adres#>
PREFIX adres: <https://data.vlaanderen.be/id/adres/>
PREFIX g: <http://register.test/graph/>
PREFIX locn: <http://www.w3.org/ns/locn#>
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
";

/// A subscription that asks for no leave.
pub(crate) fn subscription(name: &str, to: &Receiver, form: Form) -> Subscription {
    Subscription {
        handshake: Handshake::None,
        ..Subscription::new(name, to.url(), form)
    }
}

/// A house number for an address, with a commit of its own.
pub(crate) fn number(address: u64, number: u64) -> String {
    format!(
        "DELETE {{ GRAPH g:adressen {{ adres:{address} adr:huisnummer ?n }} }}
         INSERT {{ GRAPH g:adressen {{ adres:{address} adr:huisnummer \"{number}\" }} }}
         WHERE {{ OPTIONAL {{ GRAPH g:adressen {{ adres:{address} adr:huisnummer ?n }} }} }}"
    )
}

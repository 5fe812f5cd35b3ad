//! The thread that listens to the broker. Messages become batches in the order in which they come, many on their way to the disk at
//! once; a second task acknowledges them in that order when they are durable. What was on its way when a connection broke is not
//! acknowledged on the next one: the broker sends it again, and it changes nothing when it was stored.

use super::mapping::{Broker, MqttConfig, Topic};
use super::status::MqttStatus;
use crate::ingest::observed::{Known, ObservedError, make};
use crate::observations::{ObservationError, ObservationStore, Pending};
use crate::registry::Registry;
use jiff::Timestamp;
use rumqttc::{
    AsyncClient, Event, EventLoop, MqttOptions, Packet, Publish, QoS, SubscribeFilter,
    SubscribeReasonCode,
};
use serde_json::Value as Json;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::mpsc;

/// Messages on their way to the disk.
const ON_THEIR_WAY: usize = 4_096;
/// Room for what is to be sent to the broker: more than there are numbers of messages, so that acknowledging never waits.
const TO_SEND: usize = 1 << 17;
/// Most bytes of a message.
const MAX_MESSAGE_BYTES: usize = 1 << 20;
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// How long to wait before connecting again: the first time, and at most.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// How often the end of the server is looked for.
const LOOK: Duration = Duration::from_millis(100);

/// Listening; it ends when this is dropped.
#[derive(Debug)]
pub struct MqttIngest {
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    status: Arc<MqttStatus>,
}

impl MqttIngest {
    /// How it goes.
    pub fn status(&self) -> Arc<MqttStatus> {
        Arc::clone(&self.status)
    }
}

impl Drop for MqttIngest {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            // A panic of its was told already.
            let _ = thread.join();
        }
    }
}

/// Listens to a broker from now on, connecting as often as it takes.
///
/// # Errors
/// When the password cannot be read or there is no thread.
pub fn start(
    config: MqttConfig,
    store: &Arc<ObservationStore>,
    registry: &Arc<Registry>,
) -> io::Result<MqttIngest> {
    let password = config.broker.password()?;
    let status = Arc::new(MqttStatus::new(&config.broker.address));
    let ends = Arc::new(AtomicBool::new(false));
    let work = Work {
        options: options(&config.broker, password),
        config,
        store: Arc::clone(store),
        registry: Arc::clone(registry),
        status: Arc::clone(&status),
        ends: Arc::clone(&ends),
        connection: Arc::new(AtomicU64::new(0)),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let thread = std::thread::Builder::new()
        .name("oslo-mqtt".to_owned())
        .spawn(move || runtime.block_on(work.run()))?;
    Ok(MqttIngest {
        ends,
        thread: Some(thread),
        status,
    })
}

fn options(broker: &Broker, password: Option<String>) -> MqttOptions {
    let (host, port) = broker.host_and_port().unwrap_or(("127.0.0.1", 1883));
    let mut options = MqttOptions::new(broker.client.as_str(), host, port);
    options
        .set_keep_alive(KEEP_ALIVE)
        // The broker keeps what comes while we are away.
        .set_clean_session(false)
        .set_manual_acks(true)
        .set_max_packet_size(MAX_MESSAGE_BYTES, MAX_MESSAGE_BYTES);
    if let Some(user) = &broker.user {
        options.set_credentials(user.as_str(), password.unwrap_or_default());
    }
    options
}

/// A message on its way.
struct Sent {
    message: Publish,
    /// Of which connection it came.
    connection: u64,
    /// `None` when it was refused.
    pending: Option<Pending>,
}

/// What became of a message that was read.
enum Taken {
    Pending(Pending),
    Refused,
    /// The server ends, or nothing can be written.
    GaveUp,
}

struct Work {
    options: MqttOptions,
    config: MqttConfig,
    store: Arc<ObservationStore>,
    registry: Arc<Registry>,
    status: Arc<MqttStatus>,
    ends: Arc<AtomicBool>,
    /// Counts connections: what came on an earlier one is not acknowledged on a later.
    connection: Arc<AtomicU64>,
}

impl Work {
    async fn run(self) {
        let (client, mut events) = AsyncClient::new(self.options.clone(), TO_SEND);
        let (sender, receiver) = mpsc::channel(ON_THEIR_WAY);
        let acknowledging = tokio::spawn(acknowledge(
            receiver,
            client.clone(),
            Arc::clone(&self.status),
            Arc::clone(&self.connection),
        ));
        let mut wait = FIRST_WAIT;
        while !self.ends.load(Ordering::Acquire) {
            let event = tokio::select! {
                event = events.poll() => event,
                () = self.ended() => break,
            };
            match event {
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    self.subscribe(&client);
                }
                Ok(Event::Incoming(Packet::SubAck(answer))) => {
                    let is_refused =
                        |code: &SubscribeReasonCode| *code == SubscribeReasonCode::Failure;
                    if answer.return_codes.iter().any(is_refused) {
                        let why = "the broker refuses a topic";
                        self.forsake(&mut events, why, &mut wait).await;
                        continue;
                    }
                    wait = FIRST_WAIT;
                    self.status.connected();
                    tracing::info!(broker = %self.config.broker.address, "Listening to the broker");
                }
                Ok(Event::Incoming(Packet::Publish(message))) => {
                    if !self.take(message, &sender).await {
                        self.forsake(&mut events, "observations are not written", &mut wait)
                            .await;
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    let why = error.to_string();
                    self.forsake(&mut events, &why, &mut wait).await;
                }
            }
        }
        // What is durable by then is acknowledged; the rest is sent again after the next start.
        drop(sender);
        let _ = tokio::time::timeout(Duration::from_secs(2), acknowledging).await;
        let _ = client.try_disconnect();
        let leave = async { while events.poll().await.is_ok() {} };
        let _ = tokio::time::timeout(Duration::from_millis(500), leave).await;
    }

    async fn ended(&self) {
        while !self.ends.load(Ordering::Acquire) {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Gives a connection up and waits, longer each time.
    async fn forsake(&self, events: &mut EventLoop, why: &str, wait: &mut Duration) {
        self.connection.fetch_add(1, Ordering::AcqRel);
        self.status.disconnected(why);
        tracing::warn!(broker = %self.config.broker.address, %why, "No connection to the broker");
        events.clean();
        // Messages that were read and not taken: the broker sends them again, under numbers that hold then.
        events.state.events.clear();
        tokio::select! {
            () = tokio::time::sleep(*wait) => {}
            () = self.ended() => {}
        }
        // What was acknowledged at the very moment in which the connection broke.
        events.clean();
        *wait = (*wait * 2).min(LONGEST_WAIT);
    }

    fn subscribe(&self, client: &AsyncClient) {
        let filter = |topic: &Topic| SubscribeFilter::new(topic.pattern.clone(), QoS::AtLeastOnce);
        if let Err(error) = client.try_subscribe_many(self.config.topics.iter().map(filter)) {
            tracing::error!(%error, "The topics cannot be asked for");
        }
    }

    /// Takes a message in; false when nothing can be written now.
    async fn take(&self, message: Publish, sender: &mpsc::Sender<Sent>) -> bool {
        self.status.came();
        let connection = self.connection.load(Ordering::Acquire);
        let pending = match self.read(&message).await {
            Taken::Pending(pending) => Some(pending),
            Taken::Refused => None,
            Taken::GaveUp => {
                self.status.is_left();
                return false;
            }
        };
        let sent = Sent {
            message,
            connection,
            pending,
        };
        // The other task waits for the disk alone, so that there is room again.
        sender.send(sent).await.is_ok()
    }

    async fn read(&self, message: &Publish) -> Taken {
        let Some((topic, caught)) = self.config.topic(&message.topic) else {
            self.status.is_refused("?", "unknown-topic");
            return Taken::Refused;
        };
        let refuse = |code: &str| {
            self.status.is_refused(&topic.pattern, code);
            Taken::Refused
        };
        let Some(series) = topic.series_of(&caught) else {
            return refuse("bad-topic");
        };
        let Ok(told) = serde_json::from_slice::<Json>(&message.payload) else {
            return refuse("invalid-json");
        };
        let batch = match topic.read(&series, &told, Timestamp::now()) {
            Ok(told) => make(&mut Known::new(&self.store, &self.registry), &told),
            Err(code) => return refuse(code),
        };
        let batch = match batch {
            Ok(batch) => batch,
            Err(ObservedError::Flawed(flaws, _)) => {
                return refuse(flaws.first().map_or("refused", |flaw| flaw.code));
            }
            Err(ObservedError::Store(ObservationError::OtherSeries { .. })) => {
                return refuse("other-series");
            }
            Err(_) => return Taken::GaveUp,
        };
        loop {
            match self.store.append(batch.clone()) {
                Ok(pending) => return Taken::Pending(pending),
                Err(ObservationError::Busy { .. }) => {
                    // While we wait, the broker keeps the rest.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    if self.ends.load(Ordering::Acquire) {
                        return Taken::GaveUp;
                    }
                }
                Err(ObservationError::Refused { refused, .. }) => {
                    return refuse(refused.first().map_or("refused", |one| one.reason.code()));
                }
                Err(_) => return Taken::GaveUp,
            }
        }
    }
}

/// Acknowledges messages in the order in which they came, each when it is durable.
async fn acknowledge(
    mut receiver: mpsc::Receiver<Sent>,
    client: AsyncClient,
    status: Arc<MqttStatus>,
    connection: Arc<AtomicU64>,
) {
    while let Some(sent) = receiver.recv().await {
        if let Some(pending) = sent.pending {
            match pending.await {
                Ok(_) => status.is_stored(),
                Err(error) => {
                    tracing::error!(%error, "Observations of the broker are not written");
                    status.is_left();
                    // Those behind it are not acknowledged before it either.
                    connection.fetch_add(1, Ordering::AcqRel);
                    continue;
                }
            }
        }
        if sent.connection == connection.load(Ordering::Acquire) {
            // There is more room than messages can wait; without it the broker sends this one again.
            let _ = client.try_ack(&sent.message);
        }
    }
}

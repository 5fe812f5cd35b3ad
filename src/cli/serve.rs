//! `oslo serve`: the registry over HTTP, until SIGTERM or Ctrl-C.

mod follow;

use super::Exit;
use super::arguments::{ServiceArgs, parse_memory};
use super::problem::{self, Problem};
use super::session::Session;
use crate::feeds::dumps::{self, Every};
use crate::feeds::push::{PushOptions, Subscriptions, push};
use crate::http::{self, RateLimit, ServeError, ServerConfig};
use crate::ingest::fetch::host_of;
use crate::ingest::mqtt::{self, MqttConfig};
use crate::ingest::sources::schedule;
use crate::observations::{
    OBSERVATIONS_DIR, ObservationError, ObservationOptions, ObservationStore, SealRounds,
};
use crate::registry::Registry;
use crate::views::openapi::Contact;
use clap::{Args, ValueEnum};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How old what sensors told may be before it is in the files that portals take.
const SEAL_EVERY: Duration = Duration::from_secs(3_600);

#[derive(Args)]
pub(crate) struct ServeArgs {
    /// Address and port to listen on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7400")]
    bind: SocketAddr,
    /// File with the token that allows writing; without it the server only reads
    #[arg(long, value_name = "FILE")]
    admin_token_file: Option<PathBuf>,
    /// Take changes of existing items over REST only with the state they were made for (`If-Match`)
    #[arg(long)]
    require_if_match: bool,
    /// Memory that one change may take before it goes to disk, such as 512MiB or 2GiB [default: 2GiB]
    #[arg(long, env = "OSLO_MEMORY", value_name = "SIZE", value_parser = parse_memory)]
    memory: Option<u64>,
    /// Memory for the intermediate results of all queries together, such as 512MiB or 4GiB; one query gets half [default: 2GiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_memory)]
    query_memory: Option<u64>,
    /// Requests that a client (an address) may make in a minute [default: any number]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    rate_limit: Option<u32>,
    /// Clients come through a proxy on this computer, which tells their address in X-Forwarded-For
    #[arg(long, requires = "rate_limit")]
    behind_proxy: bool,
    /// Who answers for the registry, as its description says: a name, a mail or web address between < and >, or both
    #[arg(long, value_name = "TEXT", value_parser = parse_contact)]
    contact: Option<Contact>,
    /// Host on the own network that subscribers may be on, with its port where that is another than usual; may be repeated
    #[arg(long, value_name = "HOST")]
    webhook_allow: Vec<String>,
    /// Make dumps of what changed, hourly or daily, into DATA/dumps
    #[arg(long, value_enum, value_name = "HOW_OFTEN", default_value_t = DumpRounds::Off)]
    dumps: DumpRounds,
    #[command(flatten)]
    follow: follow::FollowArgs,
    #[command(flatten)]
    services: ServiceArgs,
}

/// How often dumps are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DumpRounds {
    /// Once a day
    Daily,
    /// Once an hour
    Hourly,
    /// Not at all; those there are remain to be had
    Off,
}

/// `Name <mail or web address>`, either of them alone too.
fn parse_contact(text: &str) -> Result<Contact, String> {
    let (name, address) = match text.split_once('<') {
        Some((name, rest)) => {
            let address = rest.trim_end().strip_suffix('>');
            (name, address.ok_or("the address ends with >")?)
        }
        None => (text, ""),
    };
    let (name, address) = (name.trim(), address.trim());
    let is_web = address.starts_with("https://") || address.starts_with("http://");
    if !is_web && !address.is_empty() && !address.contains('@') {
        return Err("write a mail address or one that begins with https:// between < and >".into());
    }
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Ok(Contact {
        name: given(name),
        url: given(address).filter(|_| is_web),
        email: given(address).filter(|_| !is_web),
    })
}

pub(crate) fn run(session: &Session, args: &ServeArgs) -> anyhow::Result<Exit> {
    let console = session.console;
    let admin_token = args
        .admin_token_file
        .as_deref()
        .map(read_token)
        .transpose()?;
    let writable = admin_token.is_some();
    let services = args.services.services()?;
    let follower_token = args
        .follow
        .follower_token_file
        .as_deref()
        .map(read_token)
        .transpose()?;
    let mut config = ServerConfig {
        bind: args.bind,
        admin_token,
        follower_token,
        require_if_match: args.require_if_match,
        contact: args.contact.clone().unwrap_or_default(),
        services,
        rate_limit: args.rate_limit.map(|requests| RateLimit {
            requests,
            window: Duration::from_secs(60),
            is_behind_proxy: args.behind_proxy,
        }),
        ..ServerConfig::default()
    };
    if let Some(bytes) = args.query_memory {
        config.max_total_query_memory_bytes = bytes;
        config.max_query_memory_bytes = bytes / 2;
    }
    if let Some(primary) = &args.follow.follow {
        return follow::run(session, args, primary, &config);
    }
    let registry = Arc::new(session.open_existing(args.memory)?);
    let every = match args.dumps {
        DumpRounds::Daily => Some(Every::Day),
        DumpRounds::Hourly => Some(Every::Hour),
        DumpRounds::Off => None,
    };
    // A thread of low priority; it ends with the server.
    let _dumps = every
        .map(|every| {
            let folder = dumps::Folder::of_data(session.data());
            dumps::start(Arc::clone(&registry), folder, every)
        })
        .transpose()?;
    let push = PushOptions {
        allowed_hosts: allowed_hosts(session, &args.webhook_allow)?,
        ..PushOptions::default()
    };
    let mode = if writable {
        console.say(
            "lezen, en schrijven met het token",
            "reading, and writing with the token",
        )
    } else {
        console.say("alleen lezen", "reading only")
    };
    start_with(registry, config, &push, |address| ready(address, mode))
}

/// Says where the server is, and what it takes.
fn ready(address: SocketAddr, mode: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "http://{address}\t{mode}")?;
    out.flush()
}

/// Serves until a signal comes. `on_ready` tells where; its failure stops nothing.
pub(crate) fn start(
    registry: Arc<Registry>,
    config: ServerConfig,
    on_ready: impl FnOnce(SocketAddr) -> io::Result<()>,
) -> anyhow::Result<Exit> {
    start_with(registry, config, &PushOptions::default(), on_ready)
}

/// As [`start`], with a choice of how subscribers are told.
fn start_with(
    registry: Arc<Registry>,
    mut config: ServerConfig,
    push_options: &PushOptions,
    on_ready: impl FnOnce(SocketAddr) -> io::Result<()>,
) -> anyhow::Result<Exit> {
    // Sources are read beside the requests, where this process may write.
    let is_writer = !registry.store().is_read_only() && config.follow.is_none();
    let sources = is_writer
        .then(|| schedule(Arc::clone(&registry)))
        .transpose()?;
    let subscriptions = Subscriptions::open(&registry).map_err(problem::of_store)?;
    let subscriptions = Arc::new(subscriptions);
    config.subscriptions = Some(Arc::clone(&subscriptions));
    config.observations = match registry.store().dir().filter(|_| is_writer) {
        Some(data) => Some(Arc::new(open_observations(data)?)),
        None => None,
    };
    let sealing = config.observations.as_ref();
    let sealing = sealing
        .map(|store| SealRounds::start(store, SEAL_EVERY))
        .transpose()?;
    let mqtt = match (registry.store().dir(), &config.observations) {
        (Some(data), Some(store)) => listen(data, store, &registry)?,
        _ => None,
    };
    config.mqtt = mqtt.as_ref().map(mqtt::MqttIngest::status);
    let pushing = (!registry.store().is_read_only())
        .then(|| push(&registry, &subscriptions, push_options))
        .transpose()?;
    let served = http::serve(registry, config, |address| {
        // Whoever started the server may have closed its output.
        let _ = on_ready(address);
    });
    drop(mqtt);
    drop(sealing);
    drop(sources);
    drop(pushing);
    match served {
        Ok(()) => Ok(Exit::Done),
        Err(ServeError::Bind { address, source }) => Err(Problem::new(
            format!("er kan niet op {address} geluisterd worden: {source}"),
            format!("cannot listen on {address}: {source}"),
        )
        .hint(
            "stop wat daar al luistert, of kies een andere poort met --bind (poort 0 neemt een vrije)",
            "stop what listens there, or choose another port with --bind (port 0 takes a free one)",
        )
        .into()),
        Err(error) => Err(error.into()),
    }
}

/// What sensors told, with what was acknowledged before the process ended.
fn open_observations(data: &Path) -> anyhow::Result<ObservationStore> {
    let dir = data.join(OBSERVATIONS_DIR);
    ObservationStore::open(&dir, ObservationOptions::default()).map_err(|error| {
        let place = dir.display();
        let problem = Problem::new(
            format!("de waarnemingen in {place} kunnen niet geopend worden: {error}"),
            format!("the observations in {place} cannot be opened: {error}"),
        );
        let problem = match &error {
            ObservationError::InUse { .. } => problem.hint(
                "stop de andere oslo die ze open heeft",
                "stop the other oslo that has them open",
            ),
            ObservationError::NewerFormat { .. } => problem.hint(
                "gebruik de nieuwere versie van oslo die ze schreef",
                "use the newer version of oslo that wrote them",
            ),
            _ => problem.hint(
                "zet de map terug uit een back-up; wie zonder sensoren wil starten, verplaatst haar",
                "put the folder back from a backup; move it away to start without sensors",
            ),
        };
        anyhow::Error::new(error).context(problem)
    })
}

/// Listens to the broker that the data folder names, if any.
fn listen(
    data: &Path,
    store: &Arc<ObservationStore>,
    registry: &Arc<Registry>,
) -> anyhow::Result<Option<mqtt::MqttIngest>> {
    let Some(config) = MqttConfig::read(data).map_err(|error| {
        Problem::new(
            format!("de koppeling met de MQTT-makelaar klopt niet: {error}"),
            format!("the mapping of the MQTT broker is not right: {error}"),
        )
        .hint(
            "docs/observations.md zegt wat in mqtt.toml staat",
            "docs/observations.md says what mqtt.toml holds",
        )
    })?
    else {
        return Ok(None);
    };
    let listening = mqtt::start(config, store, registry).map_err(|error| {
        Problem::new(
            format!("er kan niet naar de MQTT-makelaar geluisterd worden: {error}"),
            format!("cannot listen to the MQTT broker: {error}"),
        )
        .hint(
            "kijk na of wachtwoordBestand in mqtt.toml leesbaar is",
            "see whether wachtwoordBestand in mqtt.toml can be read",
        )
    })?;
    Ok(Some(listening))
}

/// Hosts as a person wrote them: names alone, with a port where it is another.
fn allowed_hosts(session: &Session, hosts: &[String]) -> anyhow::Result<Vec<String>> {
    for host in hosts {
        let lower = host.to_ascii_lowercase();
        let is_host =
            |scheme: &str| host_of(&format!("{scheme}://{host}")).as_deref() == Some(&lower);
        if !is_host("https") && !is_host("http") {
            anyhow::bail!(
                "{host}: {}",
                session.console.say(
                    "geen host; schrijf alleen de naam, en de poort als die anders is: dienst.intern:8080",
                    "no host; write the name alone, and the port where it is another: dienst.intern:8080"
                )
            );
        }
    }
    Ok(hosts.to_vec())
}

fn read_token(path: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Problem::new(
            format!(
                "het tokenbestand {} kan niet gelezen worden: {error}",
                path.display()
            ),
            format!("the token file {} cannot be read: {error}", path.display()),
        )
    })?;
    let token = text.trim();
    if token.len() < 16 {
        return Err(Problem::new(
            format!("het token in {} is te kort", path.display()),
            format!("the token in {} is too short", path.display()),
        )
        .hint(
            "schrijf er minstens 16 willekeurige tekens in, bijvoorbeeld met `openssl rand -hex 32`",
            "write at least 16 random characters into it, with `openssl rand -hex 32` for instance",
        )
        .into());
    }
    Ok(token.to_owned())
}

/// The token in a file; made of random bytes, readable by its owner alone, when there is none yet.
pub(crate) fn ensure_token(path: &Path) -> anyhow::Result<String> {
    if path.exists() {
        return read_token(path);
    }
    let token = random_token().map_err(|error| {
        Problem::new(
            format!("er kan geen token gemaakt worden: {error}"),
            format!("no token could be made: {error}"),
        )
        .hint(
            format!(
                "schrijf zelf een lange willekeurige tekst in {}",
                path.display()
            ),
            format!("write a long random text into {} yourself", path.display()),
        )
    })?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options
        .open(path)
        .and_then(|mut file| writeln!(file, "{token}"));
    written.map_err(|error| {
        Problem::new(
            format!("{} kan niet geschreven worden: {error}", path.display()),
            format!("{} cannot be written: {error}", path.display()),
        )
    })?;
    Ok(token)
}

/// 32 random bytes of the operating system, in hex.
fn random_token() -> io::Result<String> {
    let mut bytes = [0; 32];
    io::Read::read_exact(&mut std::fs::File::open("/dev/urandom")?, &mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

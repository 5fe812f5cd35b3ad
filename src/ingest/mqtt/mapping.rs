//! `mqtt.toml`: the broker, and for patterns of topics which series a message is about and where in it the value and the moment
//! stand. Read once, at the start; a mistake in it is told with its place and nothing is listened to.
//!
//! ```toml
//! [makelaar]
//! adres = "127.0.0.1:1883"
//!
//! [[onderwerp]]
//! patroon = "stad/+/telling"
//! reeks = "telling-{1}"
//! waarde = "/aantal"
//! tijd = "/tijdstip"
//! ```

use crate::ingest::observed::Told;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value as Json;
use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The file in the data folder.
pub const MQTT_FILE: &str = "mqtt.toml";
/// Most bytes of that file.
const MAX_FILE_BYTES: u64 = 1 << 20;
/// Most patterns.
const MAX_TOPICS: usize = 1_000;
/// Most observations of one message.
const MAX_LIST: usize = 10_000;
/// What stands for the moment of arrival.
const ARRIVAL: &str = "aankomst";

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    /// It cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It is not what is read here.
    #[error("{}: {reason}", path.display())]
    Wrong {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and where.
        reason: String,
    },
}

/// Where the broker is.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Broker {
    /// Host and port.
    #[serde(rename = "adres")]
    pub address: String,
    /// What the broker knows the session by, which it keeps while we are away.
    #[serde(rename = "klant", default = "usual_client")]
    pub client: String,
    /// Name of the user.
    #[serde(rename = "gebruiker")]
    pub user: Option<String>,
    /// File with the password alone.
    #[serde(rename = "wachtwoordBestand")]
    pub password_file: Option<PathBuf>,
}

fn usual_client() -> String {
    "oslo-register".to_owned()
}

impl std::fmt::Debug for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Broker")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// What messages of some topics tell.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// Filter of topics: `+` is one level, `#` at the end all that follow.
    #[serde(rename = "patroon")]
    pub pattern: String,
    /// IRI or name of the series; `{1}` is what the first `+` stands for.
    #[serde(rename = "reeks")]
    pub series: String,
    /// JSON pointer to a list of observations; the other pointers then begin at its members.
    #[serde(rename = "lijst")]
    pub list: Option<String>,
    /// JSON pointer to the result; the whole message when empty.
    #[serde(rename = "waarde", default)]
    pub value: String,
    /// JSON pointer to the moment, or `aankomst`: when the message came.
    #[serde(rename = "tijd")]
    pub time: String,
    /// How the moment is written.
    #[serde(rename = "tijdvorm", default)]
    pub time_form: TimeForm,
    /// JSON pointer to the unit, which is checked.
    #[serde(rename = "eenheid")]
    pub unit: Option<String>,
}

/// How a moment is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum TimeForm {
    /// RFC 3339, with a zone.
    #[default]
    #[serde(rename = "rfc3339")]
    Rfc3339,
    /// Seconds since 1970, with a fraction perhaps.
    #[serde(rename = "seconden")]
    Seconds,
    /// Milliseconds since 1970.
    #[serde(rename = "milliseconden")]
    Milliseconds,
}

/// A broker and what its topics tell.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MqttConfig {
    /// The broker.
    #[serde(rename = "makelaar")]
    pub broker: Broker,
    /// The first one that a topic matches tells what its messages say.
    #[serde(rename = "onderwerp", default)]
    pub topics: Vec<Topic>,
}

impl MqttConfig {
    /// Reads the file of a data folder; `None` when there is none.
    ///
    /// # Errors
    /// [`MappingError`], with the line of the mistake.
    pub fn read(data: &Path) -> Result<Option<Self>, MappingError> {
        let path = data.join(MQTT_FILE);
        let io_error = |source| MappingError::Io {
            path: path.clone(),
            source,
        };
        let length = match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            found => found.map_err(io_error)?.len(),
        };
        let wrong = |reason: String| MappingError::Wrong {
            path: path.clone(),
            reason,
        };
        if length > MAX_FILE_BYTES {
            return Err(wrong("it has more than a million bytes".to_owned()));
        }
        let text = fs::read_to_string(&path).map_err(io_error)?;
        Self::parse(&text).map(Some).map_err(wrong)
    }

    /// Reads its text; the reason when it cannot be used.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let config: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        if config.broker.host_and_port().is_none() {
            return Err("makelaar.adres is no host and port, such as 127.0.0.1:1883".to_owned());
        }
        if config.topics.is_empty() || config.topics.len() > MAX_TOPICS {
            return Err(format!(
                "there are no onderwerpen, or more than {MAX_TOPICS}"
            ));
        }
        for topic in &config.topics {
            topic
                .judge()
                .map_err(|what| format!("onderwerp {}: {what}", topic.pattern))?;
        }
        Ok(config)
    }

    /// What messages of a topic tell, and what the wildcards of its pattern stand for.
    pub(super) fn topic<'t>(&self, name: &'t str) -> Option<(&Topic, Vec<&'t str>)> {
        let found = self.topics.iter();
        found
            .filter_map(|topic| Some((topic, caught(&topic.pattern, name)?)))
            .next()
    }
}

impl Broker {
    pub(super) fn host_and_port(&self) -> Option<(&str, u16)> {
        let (host, port) = self.address.rsplit_once(':')?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        (!host.is_empty()).then_some((host, port.parse().ok()?))
    }

    /// The password, read of its file.
    pub(super) fn password(&self) -> io::Result<Option<String>> {
        let Some(path) = &self.password_file else {
            return Ok(None);
        };
        Ok(Some(fs::read_to_string(path)?.trim().to_owned()))
    }
}

/// What the wildcards of a pattern stand for in a topic; `None` when it does not match (MQTT 3.1.1 §4.7).
fn caught<'t>(pattern: &str, topic: &'t str) -> Option<Vec<&'t str>> {
    // Wildcards at the beginning do not reach what brokers tell of themselves.
    if topic.starts_with('$') && pattern.starts_with(['+', '#']) {
        return None;
    }
    let mut found = Vec::new();
    let mut at = 0;
    let mut levels = topic.split('/');
    for level in pattern.split('/') {
        if level == "#" {
            found.push(topic.get(at.min(topic.len())..).unwrap_or(""));
            return Some(found);
        }
        let own = levels.next()?;
        at += own.len() + 1;
        match level {
            "+" => found.push(own),
            _ if level == own => {}
            _ => return None,
        }
    }
    levels.next().is_none().then_some(found)
}

/// The wildcards of a pattern.
fn wildcards(pattern: &str) -> usize {
    pattern
        .split('/')
        .filter(|level| *level == "+" || *level == "#")
        .count()
}

impl Topic {
    fn judge(&self) -> Result<(), String> {
        let levels: Vec<&str> = self.pattern.split('/').collect();
        let last = levels.len() - 1;
        let is_level = |(at, level): (usize, &&str)| match *level {
            "+" => true,
            "#" => at == last,
            level => !level.contains(['+', '#', '\0']),
        };
        if self.pattern.is_empty() || !levels.iter().enumerate().all(is_level) {
            return Err("patroon is no filter of topics".to_owned());
        }
        let pointers = [Some(&self.value), self.list.as_ref(), self.unit.as_ref()];
        let is_pointer = |text: &&String| text.is_empty() || text.starts_with('/');
        if !pointers.into_iter().flatten().all(|text| is_pointer(&text)) {
            return Err("waarde, lijst and eenheid are JSON pointers, such as /aantal".to_owned());
        }
        if self.time != ARRIVAL && !self.time.starts_with('/') {
            return Err("tijd is a JSON pointer, such as /tijdstip, or aankomst".to_owned());
        }
        if self.time == ARRIVAL && self.list.is_some() {
            return Err("the members of a lijst need a tijd of their own".to_owned());
        }
        let mut rest = self.series.as_str();
        while let Some((_, inside)) = rest.split_once('{') {
            let (number, after) = inside.split_once('}').ok_or("reeks has a { without }")?;
            let number: usize = number
                .parse()
                .map_err(|_| "reeks has a {…} that is no number")?;
            if number == 0 || number > wildcards(&self.pattern) {
                return Err(format!(
                    "reeks names {{{number}}}, which patroon does not have"
                ));
            }
            rest = after;
        }
        Ok(())
    }

    /// The series that a message is about. What stands for a wildcard may hold nothing that changes the IRI around it.
    pub(super) fn series_of(&self, caught: &[&str]) -> Option<String> {
        let mut out = self.series.clone();
        for (number, text) in caught.iter().enumerate() {
            let place = format!("{{{}}}", number + 1);
            if !out.contains(&place) {
                continue;
            }
            let is_plain = |c: char| c.is_alphanumeric() || "-._~/".contains(c);
            if text.is_empty()
                || !text.chars().all(is_plain)
                || text.split('/').any(|part| part == "..")
            {
                return None;
            }
            out = out.replace(&place, text);
        }
        Some(out)
    }

    /// What a message tells of a series; the reason when it tells nothing that can be read.
    pub(super) fn read<'a>(
        &self,
        series: &'a str,
        message: &'a Json,
        arrived: Timestamp,
    ) -> Result<Vec<Told<'a>>, &'static str> {
        let Some(list) = &self.list else {
            return Ok(vec![self.read_one(series, message, arrived)?]);
        };
        let list = message
            .pointer(list)
            .and_then(Json::as_array)
            .ok_or("no-list")?;
        if list.len() > MAX_LIST {
            return Err("list-too-long");
        }
        list.iter()
            .map(|one| self.read_one(series, one, arrived))
            .collect()
    }

    fn read_one<'a>(
        &self,
        series: &'a str,
        message: &'a Json,
        arrived: Timestamp,
    ) -> Result<Told<'a>, &'static str> {
        let value = message.pointer(&self.value).ok_or("no-value")?;
        let time: Cow<'a, str> = if self.time == ARRIVAL {
            arrived.to_string().into()
        } else {
            let found = message.pointer(&self.time).ok_or("no-time")?;
            self.time_form.text(found).ok_or("bad-time")?
        };
        let mut told = Told::of_json(series, time, value).ok_or("bad-value")?;
        if let Some(unit) = &self.unit {
            let unit = message
                .pointer(unit)
                .and_then(Json::as_str)
                .ok_or("no-unit")?;
            told.unit = Some(unit.into());
        }
        Ok(told)
    }
}

impl TimeForm {
    /// A moment as text with a zone.
    fn text(self, found: &Json) -> Option<Cow<'_, str>> {
        let micros = match self {
            Self::Rfc3339 => return found.as_str().map(Cow::Borrowed),
            Self::Seconds => match found.as_i64() {
                Some(whole) => whole.checked_mul(1_000_000)?,
                // Exact to the microsecond for some centuries.
                None => (found.as_f64()? * 1e6).round() as i64,
            },
            Self::Milliseconds => match found.as_i64() {
                Some(whole) => whole.checked_mul(1_000)?,
                None => (found.as_f64()? * 1e3).round() as i64,
            },
        };
        let moment = Timestamp::from_microsecond(micros).ok()?;
        Some(moment.to_string().into())
    }
}

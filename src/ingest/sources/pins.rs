//! JSON-LD contexts that sources need and the registry does not ship: fetched once, from hosts that the source may ask, kept
//! under their digest in `contexts/` of the data folder, and from then on local. What changes them is the operator alone.
//!
//! `contexts/pins.tsv` has a line for each: IRI, file, SHA-256, when it came, the sources that use it. It is a table as
//! `--context-map` takes it.

use super::texts::failure;
use crate::ingest::contexts::ContextStore;
use crate::ingest::failure::{Failure, not_fetched};
use crate::ingest::fetch::{Fetcher, Validators};
use crate::ingest::input::Input;
use crate::store::replace_file;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

const TABLE: &str = "pins.tsv";
const HEAD: &str = "context\tfile\tsha256\tfetched\tsources\n";
const ACCEPT: &str = "application/ld+json, application/json;q=0.9";
/// Contexts that one source may pull in.
const MOST_CONTEXTS: usize = 64;
/// Bytes of one context.
const MOST_BYTES: usize = 8 << 20;
/// Bytes of a document that are looked through for contexts.
const MOST_DOCUMENT: u64 = 128 << 20;

/// A context that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// SHA-256 of the document, in hexadecimal.
    pub sha256: String,
    /// When it was fetched (UTC).
    pub fetched: String,
    /// The sources that asked for it.
    pub sources: BTreeSet<String>,
}

/// The contexts that are kept, by IRI.
pub(super) struct Pins {
    dir: PathBuf,
    pins: BTreeMap<String, Pin>,
}

impl Pins {
    /// Those of a data folder.
    pub(super) fn open(data: &Path) -> Self {
        let dir = data.join("contexts");
        let text = fs::read_to_string(dir.join(TABLE)).unwrap_or_default();
        let mut pins = BTreeMap::new();
        for line in text.lines().skip(1) {
            let cells: Vec<&str> = line.split('\t').collect();
            let [iri, _, sha256, fetched, sources] = cells[..] else {
                continue;
            };
            let is_digest = sha256.len() == 64 && sha256.bytes().all(|b| b.is_ascii_hexdigit());
            if is_digest {
                let pin = Pin {
                    sha256: sha256.to_owned(),
                    fetched: fetched.to_owned(),
                    sources: sources.split(' ').map(ToOwned::to_owned).collect(),
                };
                pins.insert(iri.to_owned(), pin);
            }
        }
        Self { dir, pins }
    }

    fn file(&self, sha256: &str) -> PathBuf {
        self.dir.join(format!("{sha256}.jsonld"))
    }

    /// The contexts of a source beside those of `store`.
    ///
    /// # Errors
    /// `H017` when a file is not what was pinned.
    pub(super) fn store(
        &self,
        mut store: ContextStore,
        source: &str,
    ) -> Result<ContextStore, Box<Failure>> {
        for (iri, pin) in &self.pins {
            if !pin.sources.contains(source) {
                continue;
            }
            let path = self.file(&pin.sha256);
            let bytes = fs::read(&path).unwrap_or_default();
            if digest(&bytes) != pin.sha256 {
                return Err(failure(
                    "H017",
                    iri,
                    "de bewaarde kopie is niet meer die welke vastgezet werd",
                    "the copy that is kept is no longer the one that was pinned",
                ));
            }
            store = store.with_document(iri.clone(), bytes);
        }
        Ok(store)
    }

    /// Fetches what is missing of the contexts that a document names, and of those that they name; returns what came.
    pub(super) fn ensure(
        &mut self,
        fetcher: &Fetcher,
        source: &str,
        store: &ContextStore,
        document: &Input,
        base: &str,
    ) -> Result<Vec<String>, Box<Failure>> {
        let mut queue = contexts_in(document, base);
        let mut seen: BTreeSet<String> = queue.iter().cloned().collect();
        let mut came = Vec::new();
        while let Some(iri) = queue.pop() {
            if store.get(&iri).is_some() {
                continue;
            }
            let known = self.pins.get_mut(&iri);
            let bytes = if let Some(pin) = known {
                // Fetched for another source: this one may use it too.
                if pin.sources.insert(source.to_owned()) {
                    self.save().map_err(|error| not_kept(&iri, &error))?;
                }
                let sha256 = self.pins[&iri].sha256.clone();
                fs::read(self.file(&sha256)).unwrap_or_default()
            } else {
                if seen.len() > MOST_CONTEXTS {
                    return Err(failure(
                        "H016",
                        &iri,
                        format!("de bron noemt meer dan {MOST_CONTEXTS} contexten"),
                        format!("the source names more than {MOST_CONTEXTS} contexts"),
                    ));
                }
                let bytes = fetch(fetcher, &iri)?;
                self.keep(&iri, &bytes, source)
                    .map_err(|error| not_kept(&iri, &error))?;
                came.push(iri.clone());
                bytes
            };
            for named in contexts_in(&Input::bytes(iri.clone(), bytes), &iri) {
                if seen.insert(named.clone()) {
                    queue.push(named);
                }
            }
        }
        Ok(came)
    }

    /// Fetches the contexts of a source anew and keeps what they are now; returns those that changed.
    pub(super) fn renew(
        &mut self,
        fetcher: &Fetcher,
        source: &str,
    ) -> Result<Vec<(String, bool)>, Box<Failure>> {
        let own = self.pins.iter();
        let own = own.filter(|(_, pin)| pin.sources.contains(source));
        let own: Vec<String> = own.map(|(iri, _)| iri.clone()).collect();
        let mut told = Vec::new();
        for iri in own {
            let bytes = fetch(fetcher, &iri)?;
            let before = self.pins[&iri].sha256.clone();
            let changed = digest(&bytes) != before;
            self.keep(&iri, &bytes, source)
                .map_err(|error| not_kept(&iri, &error))?;
            told.push((iri, changed));
        }
        Ok(told)
    }

    fn keep(&mut self, iri: &str, bytes: &[u8], source: &str) -> io::Result<()> {
        let sha256 = digest(bytes);
        replace_file(&self.file(&sha256), bytes)?;
        let before = self.pins.get(iri);
        let mut sources = before.map(|pin| pin.sources.clone()).unwrap_or_default();
        sources.insert(source.to_owned());
        let pin = Pin {
            sha256,
            fetched: jiff::Timestamp::now()
                .strftime("%Y-%m-%dT%H:%M:%SZ")
                .to_string(),
            sources,
        };
        self.pins.insert(iri.to_owned(), pin);
        self.save()
    }

    fn save(&self) -> io::Result<()> {
        let mut text = String::from(HEAD);
        for (iri, pin) in &self.pins {
            let sources: Vec<&str> = pin.sources.iter().map(String::as_str).collect();
            let (sha256, fetched) = (&pin.sha256, &pin.fetched);
            let sources = sources.join(" ");
            let _ = writeln!(
                text,
                "{iri}\t{sha256}.jsonld\t{sha256}\t{fetched}\t{sources}"
            );
        }
        replace_file(&self.dir.join(TABLE), text.as_bytes())
    }
}

fn fetch(fetcher: &Fetcher, iri: &str) -> Result<Vec<u8>, Box<Failure>> {
    let fetched = fetcher
        .get(iri, ACCEPT, &Validators::default())
        .map_err(|error| {
            let told = not_fetched(&error, iri);
            let [nl, en] = told.message.clone();
            Box::new(Failure {
                code: "H016".to_owned(),
                message: [
                    format!("een JSON-LD-context die de bron nodig heeft, is er niet: {nl}"),
                    format!("a JSON-LD context that the source needs is not to be had: {en}"),
                ],
                ..told
            })
        })?;
    let bytes = fetched.body.unwrap_or_default().to_vec();
    let is_context = bytes.len() <= MOST_BYTES && {
        #[derive(serde::Deserialize)]
        struct Document {
            #[serde(rename = "@context")]
            _context: serde::de::IgnoredAny,
        }
        serde_json::from_slice::<Document>(&bytes).is_ok()
    };
    if !is_context {
        return Err(failure(
            "H016",
            iri,
            "wat er staat, is geen JSON-LD-context",
            "what is there is no JSON-LD context",
        ));
    }
    Ok(bytes)
}

fn not_kept(iri: &str, error: &io::Error) -> Box<Failure> {
    failure(
        "H016",
        iri,
        format!("de context kan niet bewaard worden: {error}"),
        format!("the context cannot be kept: {error}"),
    )
}

fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The contexts that a document names, anywhere in it, as absolute IRIs. Of a document that cannot be read, what comes before
/// the mistake; whoever reads it next tells.
fn contexts_in(document: &Input, base: &str) -> Vec<String> {
    let Ok(content) = document.open() else {
        return Vec::new();
    };
    let mut found = BTreeSet::new();
    let reader = io::BufReader::new(content.reader.take(MOST_DOCUMENT));
    let mut json = serde_json::Deserializer::from_reader(reader);
    let look = Look {
        found: &mut found,
        is_context: false,
    };
    // A mistake is told by whoever reads the document.
    let _ = look.deserialize(&mut json);
    let base = oxiri::Iri::parse(base).ok();
    let absolute = |name: String| match &base {
        Some(base) => base.resolve(&name).ok().map(oxiri::Iri::into_inner),
        None => oxiri::Iri::parse(name).ok().map(oxiri::Iri::into_inner),
    };
    let found = found.into_iter().filter_map(absolute);
    let found = found.filter(|iri| iri.starts_with("http") && !iri.contains(['\t', '\n', ' ']));
    found
        .map(|iri| iri.split('#').next().unwrap_or_default().to_owned())
        .collect()
}

/// Walks through JSON without keeping it, and notes the strings under `@context` and `@import`.
struct Look<'f> {
    found: &'f mut BTreeSet<String>,
    is_context: bool,
}

impl<'de> DeserializeSeed<'de> for Look<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Look<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        if self.is_context && text.len() <= 2048 && self.found.len() <= MOST_CONTEXTS {
            self.found.insert(text.to_owned());
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Self { found, is_context } = self;
        loop {
            let look = Look {
                found: &mut *found,
                is_context,
            };
            if members.next_element_seed(look)?.is_none() {
                return Ok(());
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Self { found, is_context } = self;
        while let Some(key) = members.next_key::<String>()? {
            let look = Look {
                found: &mut *found,
                is_context: key == "@context" || is_context && key == "@import",
            };
            members.next_value_seed(look)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_are_found_wherever_they_stand() {
        let text = r#"{"@context":["a.jsonld",{"@import":"b.jsonld","t":{"@id":"urn:t","@context":"https://o.example/c#x"}}],
            "t":"d.jsonld","deep":[{"@context":{"x":"urn:not-a-context"}},{"@context":"e.jsonld"}]}"#;
        let find = |text: &str| {
            contexts_in(
                &Input::bytes("x", text.to_owned()),
                "https://data.example/p/doc",
            )
        };
        assert_eq!(
            find(text),
            [
                "https://data.example/p/a.jsonld",
                "https://data.example/p/b.jsonld",
                "https://data.example/p/e.jsonld",
                "https://o.example/c",
            ]
        );
        assert!(find(&"[".repeat(1_000_000)).is_empty());
        assert!(find("nonsense").is_empty());
    }
}

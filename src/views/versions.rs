//! Lists of versions of one object: as JSON-LD for application developers, and as time maps
//! ([RFC 7089 §5](https://www.rfc-editor.org/rfc/rfc7089#section-5)) in link format and JSON. Finds no versions itself.

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde_json::{Map, Value as Json, json};

/// Name of the context of these lists, below `/contexts/`.
pub const CONTEXT_FILE: &str = "versies.jsonld";

/// Which of the two times versions follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// When things held in the world.
    Valid,
    /// When the registry knew them: one version for each commit that changed the object.
    Known,
}

impl Time {
    /// Its name in addresses and lists.
    pub fn name(self) -> &'static str {
        match self {
            Self::Valid => "geldig",
            Self::Known => "bekend",
        }
    }

    /// By that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Valid, Self::Known]
            .into_iter()
            .find(|time| time.name() == name)
    }

    fn class(self) -> &'static str {
        match self {
            Self::Valid => "VersieVolgensGeldigeTijd",
            Self::Known => "VersieVolgensTransactietijd",
        }
    }
}

/// One version as lists tell it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its IRI, or where it is read.
    pub iri: String,
    /// What tells it from the others: the moment it began, as its source wrote it.
    pub id: String,
    /// When it began.
    pub from: Option<Timestamp>,
    /// When it began, as it was written.
    pub from_text: String,
    /// When the next one began or it ended, as it was written; none for the current one.
    pub until_text: Option<String>,
    /// The commit, when versions follow commits.
    pub commit: Option<u64>,
    /// Evidence, by IRI.
    pub sources: Vec<String>,
    /// Predicates by which it differs from the version before; not told for the first.
    pub changed: Vec<String>,
    /// The address of the object as of this version.
    pub detail: String,
}

/// A page of versions.
pub struct VersionPage<'a> {
    /// The address of the page.
    pub here: String,
    /// The object.
    pub object: &'a str,
    /// Which time they follow.
    pub time: Time,
    /// The versions, newest first.
    pub versions: &'a [Listed],
    /// How many there are in all, when that is known.
    pub total: Option<usize>,
    /// The address of the page after it.
    pub next: Option<String>,
    /// The oldest commit looked at, when not all were.
    pub looked_since: Option<u64>,
}

/// A page as JSON-LD with the context of these lists.
pub fn page(base: &str, page: &VersionPage<'_>) -> Json {
    let mut out = Map::new();
    let context = format!("{base}/contexts/{CONTEXT_FILE}");
    out.insert("@context".into(), context.into());
    out.insert("@id".into(), page.here.as_str().into());
    out.insert("@type".into(), "Collectie".into());
    out.insert("tijd".into(), page.time.name().into());
    if let Some(total) = page.total {
        out.insert("totaal".into(), total.into());
    }
    out.insert("volledig".into(), page.looked_since.is_none().into());
    if let Some(since) = page.looked_since {
        out.insert("onderzochtVanaf".into(), since.into());
    }
    let versions = page.versions.iter().map(|version| item(page, version));
    out.insert("data".into(), versions.collect());
    if let Some(next) = &page.next {
        out.insert("volgende".into(), next.as_str().into());
    }
    Json::Object(out)
}

fn item(page: &VersionPage<'_>, version: &Listed) -> Json {
    let mut out = Map::new();
    out.insert("@id".into(), version.iri.as_str().into());
    out.insert("@type".into(), page.time.class().into());
    out.insert("isVersieVan".into(), page.object.into());
    out.insert("versieId".into(), version.id.as_str().into());
    if let Some(commit) = version.commit {
        out.insert("commit".into(), commit.into());
    }
    out.insert("van".into(), version.from_text.as_str().into());
    if let Some(until) = &version.until_text {
        out.insert("tot".into(), until.as_str().into());
    }
    if !version.sources.is_empty() {
        out.insert("bron".into(), version.sources.clone().into());
    }
    if !version.changed.is_empty() {
        out.insert("gewijzigd".into(), version.changed.clone().into());
    }
    out.insert("detail".into(), version.detail.as_str().into());
    Json::Object(out)
}

/// Addresses of a time map.
pub struct TimeMap<'a> {
    /// The document whose versions these are, as it is now.
    pub original: &'a str,
    /// Where a moment is asked for by `Accept-Datetime`.
    pub gate: &'a str,
    /// The time map itself.
    pub here: &'a str,
    /// The versions, oldest first.
    pub versions: &'a [Listed],
}

impl TimeMap<'_> {
    /// Addresses and dates of the versions that have a date which can be written, oldest first.
    fn mementos(&self) -> Vec<(&str, String)> {
        self.versions
            .iter()
            .filter_map(|version| Some((version.detail.as_str(), date(version.from?)?)))
            .collect()
    }

    /// As `application/link-format` ([RFC 6690](https://www.rfc-editor.org/rfc/rfc6690)).
    pub fn link_format(&self) -> String {
        let mementos = self.mementos();
        let mut own = format!(
            "<{}>; rel=\"self\"; type=\"application/link-format\"",
            self.here
        );
        if let (Some((_, first)), Some((_, last))) = (mementos.first(), mementos.last()) {
            own.push_str(&format!("; from=\"{first}\"; until=\"{last}\""));
        }
        let mut links = vec![
            format!("<{}>; rel=\"original\"", self.original),
            own,
            format!("<{}>; rel=\"timegate\"", self.gate),
        ];
        let end = mementos.len();
        for (at, (address, date)) in mementos.iter().enumerate() {
            let relation = relation_of(at, end);
            links.push(format!(
                "<{address}>; rel=\"{relation}\"; datetime=\"{date}\""
            ));
        }
        links.join(",\n") + "\n"
    }

    /// As JSON, with the keys that archives of the web write.
    pub fn json(&self) -> Json {
        let mementos = self.mementos();
        let one = |(address, date): &(&str, String)| json!({ "datetime": date, "uri": address });
        let list: Vec<Json> = mementos.iter().map(one).collect();
        let mut out = json!({
            "original_uri": self.original,
            "timegate_uri": self.gate,
            "timemap_uri": {
                "link_format": format!("{}?format=link", self.here),
                "json_format": format!("{}?format=json", self.here),
            },
        });
        if let (Some(first), Some(last)) = (mementos.first(), mementos.last()) {
            out["mementos"] = json!({ "first": one(first), "last": one(last), "list": list });
        }
        out
    }
}

/// The relation of a version among others.
fn relation_of(at: usize, end: usize) -> &'static str {
    match (at == 0, at + 1 == end) {
        (true, true) => "first last memento",
        (true, false) => "first memento",
        (false, true) => "last memento",
        (false, false) => "memento",
    }
}

/// The version that held at a moment: the last one that began no later, else the first.
pub fn at(versions: &[Listed], moment: Timestamp) -> Option<usize> {
    let began = versions
        .iter()
        .rposition(|version| version.from.is_some_and(|from| from <= moment));
    began.or((!versions.is_empty()).then_some(0))
}

/// Links from one version to those around it, as values of `Link`: first, previous, next and last.
pub fn links_around(versions: &[Listed], here: usize) -> Vec<String> {
    let mut wanted: Vec<(usize, Vec<&str>)> = Vec::new();
    let mut add = |at: Option<usize>, relation| {
        let Some(at) = at.filter(|at| *at < versions.len()) else {
            return;
        };
        match wanted.iter_mut().find(|(known, _)| *known == at) {
            Some((_, relations)) => relations.push(relation),
            None => wanted.push((at, vec![relation])),
        }
    };
    add(Some(0), "first");
    add(here.checked_sub(1), "prev");
    add(Some(here + 1), "next");
    add(versions.len().checked_sub(1), "last");
    wanted
        .into_iter()
        .filter_map(|(at, relations)| {
            let version = &versions[at];
            let date = date(version.from?)?;
            let relations = relations.join(" ");
            Some(format!(
                "<{}>; rel=\"{relations} memento\"; datetime=\"{date}\"",
                version.detail
            ))
        })
        .collect()
}

fn date(moment: Timestamp) -> Option<String> {
    rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&moment)
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(moments: &[&str]) -> Vec<Listed> {
        let version = |moment: &&str| Listed {
            iri: format!("http://e/a/{moment}"),
            id: (*moment).to_owned(),
            from: moment.parse().ok(),
            from_text: (*moment).to_owned(),
            until_text: None,
            commit: None,
            sources: Vec::new(),
            changed: Vec::new(),
            detail: format!("http://e/doc/a?geldigOp={moment}"),
        };
        moments.iter().map(version).collect()
    }

    #[test]
    fn a_time_map_names_first_and_last() {
        let three = listed(&[
            "2001-01-01T00:00:00Z",
            "2002-01-01T00:00:00Z",
            "2003-01-01T00:00:00Z",
        ]);
        let map = TimeMap {
            original: "http://e/doc/a",
            gate: "http://e/tijd/a/poort",
            here: "http://e/tijd/a",
            versions: &three,
        };
        insta::assert_snapshot!(map.link_format(), @r#"
        <http://e/doc/a>; rel="original",
        <http://e/tijd/a>; rel="self"; type="application/link-format"; from="Mon, 01 Jan 2001 00:00:00 GMT"; until="Wed, 01 Jan 2003 00:00:00 GMT",
        <http://e/tijd/a/poort>; rel="timegate",
        <http://e/doc/a?geldigOp=2001-01-01T00:00:00Z>; rel="first memento"; datetime="Mon, 01 Jan 2001 00:00:00 GMT",
        <http://e/doc/a?geldigOp=2002-01-01T00:00:00Z>; rel="memento"; datetime="Tue, 01 Jan 2002 00:00:00 GMT",
        <http://e/doc/a?geldigOp=2003-01-01T00:00:00Z>; rel="last memento"; datetime="Wed, 01 Jan 2003 00:00:00 GMT"
        "#);
        assert_eq!(
            map.json()["mementos"]["list"].as_array().map(Vec::len),
            Some(3)
        );
        let moment = |text: &str| text.parse().expect("a moment");
        assert_eq!(at(&three, moment("1999-01-01T00:00:00Z")), Some(0));
        assert_eq!(at(&three, moment("2002-06-01T00:00:00Z")), Some(1));
        assert_eq!(at(&[], moment("2002-06-01T00:00:00Z")), None);
        let around = links_around(&three, 1).join("\n");
        assert!(
            around.contains("first prev memento") && around.contains("next last memento"),
            "{around}"
        );
        assert_eq!(links_around(&three[..1], 0).len(), 1);
    }
}

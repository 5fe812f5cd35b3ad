//! Where RDF about an IRI may be when the IRI itself answers with a web page: links of the answer, links in the page, and the
//! usual endings. Fetches nothing; what it finds is a guess until it is read.

use crate::rdf::format::Format;

/// Bytes of a page that are looked at.
const MOST_BYTES: usize = 1 << 20;
/// Addresses that are tried.
const MOST: usize = 12;
/// Usual endings of files with RDF.
const ENDINGS: [&str; 5] = ["ttl", "rdf", "jsonld", "nt", "owl"];

/// Addresses to try, the likeliest first, each once.
pub(super) fn alternates(url: &str, links: &[String], page: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let base = oxiri::Iri::parse(url).ok();
    let mut add = |address: &str| {
        let resolved = base
            .as_ref()
            .and_then(|base| base.resolve(address).ok())
            .map(|iri| iri.into_inner());
        if let Some(address) = resolved
            && address != url
            && !found.contains(&address)
            && found.len() < MOST
        {
            found.push(address);
        }
    };
    for (address, kind) in links.iter().flat_map(|links| header_links(links)) {
        if is_rdf(&kind) {
            add(&address);
        }
    }
    let page = String::from_utf8_lossy(&page[..page.len().min(MOST_BYTES)]);
    for (address, kind) in page_links(&page) {
        if is_rdf(&kind) {
            add(&address);
        }
    }
    let bare = url.split(['?', '#']).next().unwrap_or(url);
    let bare = bare.trim_end_matches('/');
    let bare = ["html", "htm"]
        .iter()
        .find_map(|ending| bare.strip_suffix(ending)?.strip_suffix('.'))
        .unwrap_or(bare);
    // Not behind a bare host.
    if bare
        .split("://")
        .nth(1)
        .is_some_and(|rest| rest.contains('/'))
    {
        for ending in ENDINGS {
            add(&format!("{bare}.{ending}"));
        }
    }
    found
}

fn is_rdf(kind: &str) -> bool {
    Format::from_media_type(kind).is_some()
}

/// `<address>; rel="alternate"; type="…"` of a `Link` header (RFC 8288): address and type.
fn header_links(header: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for part in header.split('<').skip(1) {
        let Some((address, rest)) = part.split_once('>') else {
            continue;
        };
        let (mut rel, mut kind) = (String::new(), String::new());
        for parameter in rest.split(';').skip(1) {
            let Some((name, value)) = parameter.split_once('=') else {
                continue;
            };
            let value = value.trim().trim_end_matches(',').trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "rel" => rel = value.to_ascii_lowercase(),
                "type" => value.clone_into(&mut kind),
                _ => {}
            }
        }
        if is_alternate(&rel) {
            found.push((address.to_owned(), kind));
        }
    }
    found
}

fn is_alternate(rel: &str) -> bool {
    rel.split_whitespace()
        .any(|word| matches!(word, "alternate" | "describedby" | "meta"))
}

/// `<link rel="alternate" type="…" href="…">`, and links to typed files, in a page: address and type.
fn page_links(page: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let lower = page.to_ascii_lowercase();
    let mut from = 0;
    while let Some(start) = lower[from..].find("<link").map(|at| from + at) {
        let Some(end) = lower[start..].find('>').map(|at| start + at) else {
            break;
        };
        from = end;
        let tag = &page[start + 5..end];
        let attribute = |name: &str| attribute(tag, name);
        let rel = attribute("rel").unwrap_or_default().to_ascii_lowercase();
        if let (true, Some(kind), Some(href)) =
            (is_alternate(&rel), attribute("type"), attribute("href"))
        {
            found.push((href.replace("&amp;", "&"), kind));
        }
        if found.len() >= 100 {
            break;
        }
    }
    found
}

/// The value of an attribute of a tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let mut rest = tag;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if rest.is_empty() {
            return None;
        }
        let stop = rest.find(|c: char| c.is_whitespace() || c == '=');
        let (found, behind) = rest.split_at(stop.unwrap_or(rest.len()));
        let behind = behind.trim_start();
        let (value, behind) = match behind.strip_prefix('=').map(str::trim_start) {
            None => ("", behind),
            Some(value) => match value.chars().next() {
                Some(quote @ ('"' | '\'')) => {
                    value[1..].split_once(quote).unwrap_or((&value[1..], ""))
                }
                _ => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
            },
        };
        if found.eq_ignore_ascii_case(name) {
            return Some(value.to_owned());
        }
        if behind.len() >= rest.len() {
            return None;
        }
        rest = behind;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_in_headers_and_pages() {
        let links = [
            "</ns/a.ttl>; rel=\"alternate\"; type=\"text/turtle\", <x.pdf>; rel=alternate; type=application/pdf"
                .to_owned(),
        ];
        let page = "<!DOCTYPE html><LINK type='application/ld+json' href=a.jsonld?x=1&amp;y rel=alternate>\
            <link rel=stylesheet type=text/turtle href=no.css><link rel=\"alternate\" type=\"application/json+oembed\" href=o>";
        let found = alternates("https://data.example/ns/a#b", &links, page.as_bytes());
        assert_eq!(found[0], "https://data.example/ns/a.ttl");
        assert_eq!(found[1], "https://data.example/ns/a.jsonld?x=1&y");
        assert_eq!(found[2], "https://data.example/ns/a.rdf");
        assert_eq!(found.len(), 6, "{found:?}");
        assert!(alternates("https://data.example/", &[], b"").is_empty());
        let page = alternates("https://data.example/doc/a/index.html", &[], b"<link");
        assert_eq!(page[0], "https://data.example/doc/a/index.ttl");
    }

    #[test]
    fn broken_tags_end() {
        for tag in [
            "", "=", "= =", "rel", "rel=", "rel='", "a=\"b", "é=é x", "////",
        ] {
            assert_eq!(attribute(tag, "href"), None, "{tag}");
        }
        assert_eq!(attribute(" href = 'x y' /", "HREF").as_deref(), Some("x y"));
    }
}

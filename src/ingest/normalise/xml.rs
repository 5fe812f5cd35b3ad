//! XML of services → the same tree of values that JSON gives: an element with nothing but text is that text, attributes have
//! an `@` before their name, repeated elements are a list, names lose their namespace. Takes no document type, so that no
//! entity grows, and bounds depth and values. Knows nothing of what the elements mean.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value};

/// Elements within each other.
const MAX_DEPTH: usize = 64;
/// Elements and attributes of a document.
const MAX_VALUES: usize = 4_000_000;

struct Open {
    name: String,
    members: Map<String, Value>,
    text: String,
}

/// Reads a document; `None` when it is not well-formed, has a document type, or is larger than allowed.
pub(super) fn read(text: &str) -> Option<Value> {
    let mut xml = Reader::from_str(text);
    xml.config_mut().check_end_names = true;
    let mut open: Vec<Open> = Vec::new();
    let mut root: Option<Value> = None;
    let mut values = 0_usize;
    loop {
        match xml.read_event().ok()? {
            Event::Start(tag) => {
                values += 1;
                if open.len() >= MAX_DEPTH || values > MAX_VALUES || root.is_some() {
                    return None;
                }
                open.push(start(&tag, &mut values)?);
            }
            Event::Empty(tag) => {
                values += 1;
                if values > MAX_VALUES || root.is_some() {
                    return None;
                }
                let element = start(&tag, &mut values)?;
                end(element, &mut open, &mut root);
            }
            Event::End(_) => {
                let element = open.pop()?;
                end(element, &mut open, &mut root);
            }
            Event::Text(piece) => {
                let piece = piece.unescape().ok()?;
                match open.last_mut() {
                    Some(element) => element.text.push_str(&piece),
                    None if piece.trim().trim_start_matches('\u{FEFF}').is_empty() => {}
                    None => return None,
                }
            }
            Event::CData(piece) => {
                let piece = std::str::from_utf8(&piece).ok()?.to_owned();
                open.last_mut()?.text.push_str(&piece);
            }
            Event::DocType(_) => return None,
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof => break,
        }
    }
    root.filter(|_| open.is_empty())
}

fn start(tag: &BytesStart<'_>, values: &mut usize) -> Option<Open> {
    let mut members = Map::new();
    for attribute in tag.attributes() {
        let attribute = attribute.ok()?;
        let name = attribute.key;
        if name.as_ref() == b"xmlns" || name.prefix().is_some_and(|p| p.as_ref() == b"xmlns") {
            continue;
        }
        *values += 1;
        let name = String::from_utf8_lossy(name.local_name().as_ref()).into_owned();
        let value = attribute.unescape_value().ok()?;
        members.insert(format!("@{name}"), Value::String(value.into_owned()));
    }
    Some(Open {
        name: String::from_utf8_lossy(tag.local_name().as_ref()).into_owned(),
        members,
        text: String::new(),
    })
}

fn end(element: Open, open: &mut [Open], root: &mut Option<Value>) {
    let Open {
        name,
        mut members,
        text,
    } = element;
    let text = text.trim();
    let value = match (members.is_empty(), text.is_empty()) {
        (true, true) => Value::Null,
        (true, false) => Value::String(text.to_owned()),
        (false, true) => Value::Object(members),
        (false, false) => {
            members.insert("#text".to_owned(), Value::String(text.to_owned()));
            Value::Object(members)
        }
    };
    match open.last_mut() {
        Some(parent) => match parent.members.get_mut(&name) {
            Some(Value::Array(list)) => list.push(value),
            Some(one) => {
                let first = one.take();
                *one = Value::Array(vec![first, value]);
            }
            None => {
                parent.members.insert(name, value);
            }
        },
        None => {
            let mut top = Map::new();
            top.insert(name, value);
            *root = Some(Value::Object(top));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn elements_become_a_tree() {
        let text = "<?xml version='1.0'?><!-- x --><w:A xmlns:w='urn:w'><B C='1'>t &amp; u</B><B/><D><![CDATA[<x>]]></D> </w:A>";
        let tree = json!({"A": {"B": [{"@C": "1", "#text": "t & u"}, null], "D": "<x>"}});
        assert_eq!(read(text), Some(tree));
    }

    #[test]
    fn bombs_and_broken_documents_are_refused() {
        let deep = "<a>".repeat(1_000_000);
        let bomb = "<!DOCTYPE a [<!ENTITY b 'x'>]><a>&b;</a>";
        for text in [
            deep.as_str(),
            bomb,
            "",
            "x",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "<a>&onbekend;</a>",
            "<a b='1' b='2'/>",
        ] {
            assert_eq!(read(text), None);
        }
    }
}

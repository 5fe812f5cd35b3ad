//! The order of languages in bodies, and the words of addresses in them. Writes JSON texts. Reads no store.

/// Place of a language among the values of a property: those of the country first.
pub(super) fn rank(language: Option<&str>) -> u8 {
    match language {
        Some("nl") => 0,
        Some("fr") => 1,
        Some("de") => 2,
        Some("en") => 3,
        Some(_) => 4,
        None => 5,
    }
}

/// What stands before a box number.
pub(super) fn box_word(language: &str) -> &'static str {
    match language {
        "fr" => "bte",
        "de" => "pf",
        "en" => "box",
        _ => "bus",
    }
}

/// Appends the inside of a JSON text: what the text says, without quotes.
pub(super) fn write_inside(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let mut clean = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[clean..at]);
        clean = at + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            other => out.extend_from_slice(format!("\\u{other:04x}").as_bytes()),
        }
    }
    out.extend_from_slice(&bytes[clean..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_json() {
        let nasty = "a\"b\\c\n\r\t\u{1}\u{7f}é😀";
        let mut out = b"\"".to_vec();
        write_inside(nasty, &mut out);
        out.push(b'"');
        let read: String = serde_json::from_slice(&out).expect("JSON");
        assert_eq!(read, nasty);
    }
}

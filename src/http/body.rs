//! What a request carries: query parameters, forms, bodies within a limit, files of a multipart form.

use super::error::ApiError;
use super::{intake, unpack};
use crate::rdf::label::Text;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::BytesMut;
use memchr::memmem;
use tokio_stream::StreamExt as _;

/// Most files of one form.
const MAX_FILES: usize = 100;
/// The field of a form that holds a file.
const FILE_FIELD: &str = "bestand";

/// Names and values of a query string or a form, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Params(pub(super) Vec<(String, String)>);

impl Params {
    /// Reads `application/x-www-form-urlencoded` text.
    pub(super) fn parse(text: &str) -> Result<Self, ApiError> {
        let mut out = Vec::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            out.push((decode(name)?, decode(value)?));
        }
        Ok(Self(out))
    }

    /// Of a URI's query.
    pub(super) fn of_query(query: Option<&str>) -> Result<Self, ApiError> {
        Self::parse(query.unwrap_or(""))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The value of a parameter that may be given once.
    pub(super) fn one(&self, name: &str) -> Result<Option<&str>, ApiError> {
        let mut values = self.0.iter().filter(|(known, _)| known == name);
        let first = values.next().map(|(_, value)| value.as_str());
        if values.next().is_some() {
            return Err(ApiError::bad_request(
                "duplicate-parameter",
                format!("De parameter \"{name}\" staat meer dan één keer in het verzoek."),
                format!("The parameter \"{name}\" is more than once in the request."),
            )
            .with("parameter", name));
        }
        Ok(first)
    }

    pub(super) fn all(&self, name: &str) -> Vec<String> {
        let mine = self.0.iter().filter(|(known, _)| known == name);
        mine.map(|(_, value)| value.clone()).collect()
    }
}

fn decode(text: &str) -> Result<String, ApiError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                let code = tail
                    .get(..2)
                    .and_then(|digits| std::str::from_utf8(digits).ok())
                    .and_then(|digits| u8::from_str_radix(digits, 16).ok());
                match code {
                    Some(code) => {
                        bytes.push(code);
                        rest = &tail[2..];
                    }
                    None => bytes.push(b'%'),
                }
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).map_err(|_| {
        ApiError::bad_request(
            "not-utf8",
            "Een parameter van het verzoek is geen UTF-8.",
            "A parameter of the request is not UTF-8.",
        )
    })
}

/// The media type of a body, without parameters and in lower case.
pub(super) fn media_type(headers: &HeaderMap) -> String {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or("");
    value
        .split(';')
        .next()
        .unwrap_or("")
        .trim()
        .to_ascii_lowercase()
}

/// Refuses a charset other than UTF-8: everything here is UTF-8, and a guess would store wrong letters.
pub(super) fn require_utf8(headers: &HeaderMap) -> Result<(), ApiError> {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or("");
    let Some(charset) = parameter(value, "charset") else {
        return Ok(());
    };
    let known = ["utf-8", "utf8", "us-ascii"];
    if known.iter().any(|name| charset.eq_ignore_ascii_case(name)) {
        return Ok(());
    }
    Err(ApiError::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "charset",
        Text::new("Tekenset niet ondersteund", "Charset not supported"),
        Text::new(
            format!("De tekenset \"{charset}\" wordt hier niet gelezen; stuur de inhoud in UTF-8."),
            format!("The charset \"{charset}\" is not read here; send the content in UTF-8."),
        ),
    ))
}

/// The whole body, unpacked, or 413 as soon as it is known to be larger than the limit.
pub(super) async fn read_body(
    headers: &HeaderMap,
    body: Body,
    limit_bytes: usize,
) -> Result<Bytes, ApiError> {
    unpack::check(headers)?;
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<u64>().ok());
    if announced.is_some_and(|size| size > limit_bytes as u64) {
        return Err(ApiError::too_large(limit_bytes));
    }
    let body = received(body, limit_bytes).await?;
    unpack::unpacked(headers, body, limit_bytes).await
}

/// A body as it comes, within a size, the time a body may take and the room there is.
async fn received(body: Body, limit_bytes: usize) -> Result<Bytes, ApiError> {
    let since = tokio::time::Instant::now();
    let account = intake::current();
    let mut parts = body.into_data_stream();
    let mut content = BytesMut::new();
    let mut first = None;
    loop {
        let so_far = content.len() + first.as_ref().map_or(0, Bytes::len);
        let Some(part) = intake::in_time(since, so_far, parts.next()).await else {
            return Err(too_slow());
        };
        let Some(part) = part else {
            // Most bodies come in one part, which needs no copy.
            return Ok(first.unwrap_or_else(|| content.freeze()));
        };
        let part = part.map_err(|_| {
            ApiError::bad_request(
                "body-incomplete",
                "De inhoud van het verzoek is niet volledig toegekomen.",
                "The content of the request did not arrive in full.",
            )
        })?;
        if so_far + part.len() > limit_bytes {
            return Err(ApiError::too_large(limit_bytes));
        }
        if let Some(account) = &account {
            account.take(part.len())?;
        }
        if so_far == 0 {
            first = Some(part);
        } else {
            if let Some(first) = first.take() {
                content.extend_from_slice(&first);
            }
            content.extend_from_slice(&part);
        }
    }
}

/// A client that takes too long to send what it wants to send.
fn too_slow() -> ApiError {
    ApiError::new(
        StatusCode::REQUEST_TIMEOUT,
        "body-too-slow",
        Text::new("Te traag", "Too slow"),
        Text::new(
            "De inhoud van het verzoek kwam te traag toe.",
            "The content of the request came too slowly.",
        ),
    )
    // What is left of the body would be read as the next request.
    .with_header(header::CONNECTION, "close")
}

/// Text of a body.
pub(super) fn text_of(bytes: &Bytes) -> Result<String, ApiError> {
    String::from_utf8(bytes.to_vec()).map_err(|_| {
        ApiError::bad_request(
            "not-utf8",
            "De inhoud van het verzoek is geen UTF-8.",
            "The content of the request is not UTF-8.",
        )
    })
}

/// A file of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Upload {
    /// Name of the file, or an empty string.
    pub(super) name: String,
    /// Media type, when it says anything about the format; of its parameters `version` alone.
    pub(super) media_type: Option<String>,
    pub(super) bytes: Bytes,
}

/// The files a request brings: its body, or those of a multipart form, at least one.
pub(super) fn uploads_of(headers: &HeaderMap, bytes: Bytes) -> Result<Vec<Upload>, ApiError> {
    let kind = media_type(headers);
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or("");
    if kind != "multipart/form-data" {
        return Ok(vec![Upload {
            name: String::new(),
            media_type: meaningful(&kind, value),
            bytes,
        }]);
    }
    let malformed = || {
        ApiError::bad_request(
            "multipart",
            "Het formulier bevat geen bestand of is niet goed gevormd.",
            "The form holds no file or is not well-formed.",
        )
    };
    let boundary = parameter(value, "boundary").ok_or_else(malformed)?;
    let files = files(&bytes, &boundary);
    if files.is_empty() {
        return Err(malformed());
    }
    Ok(files)
}

/// The file a request brings: its body, or the first file of a multipart form.
pub(super) fn upload_of(headers: &HeaderMap, bytes: Bytes) -> Result<Upload, ApiError> {
    Ok(uploads_of(headers, bytes)?.swap_remove(0))
}

/// A media type that names a format, with the version that its header has; what browsers and tools send for lack of better
/// names none.
fn meaningful(media_type: &str, header: &str) -> Option<String> {
    let vague = [
        "",
        "application/octet-stream",
        "application/x-www-form-urlencoded",
        "application/gzip",
        "application/x-gzip",
    ];
    (!vague.contains(&media_type)).then(|| match parameter(header, "version") {
        Some(version) => format!("{media_type}; version={version}"),
        None => media_type.to_owned(),
    })
}

/// A parameter of a header value, with or without quotes.
pub(super) fn parameter(value: &str, name: &str) -> Option<String> {
    value.split(';').skip(1).find_map(|part| {
        let (known, text) = part.trim().split_once('=')?;
        known
            .trim()
            .eq_ignore_ascii_case(name)
            .then(|| text.trim().trim_matches('"').to_owned())
    })
}

/// The parts with a file name, or else the part called `bestand`, or else the first ([RFC 7578](https://www.rfc-editor.org/rfc/rfc7578)); of the former as
/// many as a form may hold.
fn files(bytes: &Bytes, boundary: &str) -> Vec<Upload> {
    let delimiter = format!("--{boundary}");
    let mut starts = memmem::find_iter(bytes, delimiter.as_bytes())
        // A delimiter stands at the start of a line; the same bytes elsewhere are content.
        .filter(|at| *at == 0 || bytes[..*at].ends_with(b"\r\n"));
    let Some(mut start) = starts.next() else {
        return Vec::new();
    };
    let mut files = Vec::new();
    let (mut named, mut first) = (None, None);
    for end in starts {
        let Some(last) = end.checked_sub(2) else {
            break;
        };
        let part = start + delimiter.len() + 2..last;
        start = end;
        let Some(content) = bytes.get(part.clone()) else {
            continue;
        };
        let Some(split) = memmem::find(content, b"\r\n\r\n") else {
            continue;
        };
        let (mut name, mut media_type, mut is_file) = (String::new(), None, false);
        let mut is_named = false;
        for line in String::from_utf8_lossy(&content[..split]).lines() {
            let Some((field, value)) = line.split_once(':') else {
                continue;
            };
            if field.eq_ignore_ascii_case("content-disposition") {
                is_named = parameter(value, "name").as_deref() == Some(FILE_FIELD);
                if let Some(given) = parameter(value, "filename") {
                    is_file = true;
                    name = given.rsplit(['/', '\\']).next().unwrap_or("").to_owned();
                }
            } else if field.eq_ignore_ascii_case("content-type") {
                let essence = value
                    .split(';')
                    .next()
                    .unwrap_or("")
                    .trim()
                    .to_ascii_lowercase();
                media_type = meaningful(&essence, value);
            }
        }
        let upload = Upload {
            name,
            media_type,
            bytes: bytes.slice(part.start + split + 4..part.end),
        };
        if !is_file {
            let fallback = if is_named { &mut named } else { &mut first };
            fallback.get_or_insert(upload);
        } else if files.len() < MAX_FILES {
            files.push(upload);
        } else {
            // A part of a form must not pass for the whole.
            return Vec::new();
        }
    }
    if files.is_empty() {
        files.extend(named.or(first));
    }
    files
}

/// The whole number that a text is, in digits alone. One too large to count is larger than all there is.
pub(super) fn whole(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_forms() {
        let params = Params::parse("a=1&b=x+y%20%C3%A9&a=2&leeg&c=50%").expect("UTF-8");
        assert_eq!(params.get("a"), Some("1"));
        assert_eq!(params.all("a"), ["1", "2"]);
        assert_eq!(params.get("b"), Some("x y é"));
        assert_eq!(params.get("leeg"), Some(""));
        assert_eq!(params.get("c"), Some("50%"));
        assert!(Params::parse("a=%FF").is_err());
    }

    #[test]
    fn takes_the_file_out_of_a_form() {
        let body = "--B\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\nveld\r\n--B\r\nContent-Disposition: form-data; name=\"bestand\"; filename=\"C:\\a\\b.ttl\"\r\nContent-Type: application/octet-stream\r\n\r\n<a> --B <b>\r\n\r\n--B--\r\n";
        let found = files(&Bytes::from_static(body.as_bytes()), "B");
        let [upload] = &found[..] else {
            panic!("one file, not {found:?}");
        };
        assert_eq!(upload.name, "b.ttl");
        assert_eq!(upload.media_type, None);
        assert_eq!(&upload.bytes[..], b"<a> --B <b>\r\n");
        let fields = "--B\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n1\r\n--B\r\nContent-Disposition: form-data; name=\"bestand\"\r\n\r\n2\r\n--B--\r\n";
        let found = files(&Bytes::from_static(fields.as_bytes()), "B");
        assert_eq!(&found[0].bytes[..], b"2");
        for none in [&b"--B--"[..], b"", b"--B\r\n--B--"] {
            assert_eq!(files(&Bytes::from_static(none), "B"), []);
        }
    }

    #[test]
    fn takes_every_file_but_not_too_many() {
        let form = |count: usize| {
            let part = |n: usize| {
                format!(
                    "--B\r\nContent-Disposition: form-data; filename=\"{n}.ttl\"\r\n\r\n{n}\r\n"
                )
            };
            let parts: String = (0..count).map(part).collect();
            Bytes::from(format!("{parts}--B--\r\n"))
        };
        let three = files(&form(3), "B");
        let read: Vec<&[u8]> = three.iter().map(|file| &file.bytes[..]).collect();
        assert_eq!(read, [b"0", b"1", b"2"]);
        assert_eq!(files(&form(MAX_FILES), "B").len(), MAX_FILES);
        assert!(files(&form(MAX_FILES + 1), "B").is_empty());
    }

    #[test]
    fn other_charsets_are_refused() {
        let of = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, value.parse().expect("ASCII"));
            require_utf8(&headers)
        };
        assert!(of("text/turtle").is_ok());
        assert!(of("text/turtle; charset=\"UTF-8\"").is_ok());
        let refused = of("text/turtle; charset=ISO-8859-1").expect_err("is not UTF-8");
        assert_eq!((refused.status.as_u16(), refused.code), (415, "charset"));
    }

    #[test]
    fn a_parameter_given_twice_is_a_mistake() {
        let params = Params::parse("a=1&b=2&a=3").expect("UTF-8");
        assert!(params.one("a").is_err());
        assert_eq!(params.one("b").expect("once"), Some("2"));
        assert_eq!(params.one("c").expect("never"), None);
    }

    #[test]
    fn a_number_too_large_to_count_is_a_number() {
        assert_eq!(whole("0012"), Some(12));
        assert_eq!(whole("171019622156853185609728"), Some(u64::MAX));
        assert_eq!(
            [whole(""), whole("+1"), whole("-1"), whole("1.0")],
            [None; 4]
        );
    }
}

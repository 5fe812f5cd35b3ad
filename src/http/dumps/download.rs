//! A file on its way: whole or a range of it ([RFC 9110 §14](https://www.rfc-editor.org/rfc/rfc9110#section-14)), with
//! its checksum ([RFC 9530](https://www.rfc-editor.org/rfc/rfc9530)). Read a piece at a time, as fast as the client takes it; no
//! thread waits for a client. Never packed once more: what is sent are the bytes that the checksum is of.

use crate::http::error::ApiError;
use crate::http::reply::{A_WEEK_FIXED, is_fresh, joined, names_tag, set_commit};
use crate::http::shown::http_date;
use crate::http::test_bed::base64;
use crate::rdf::label::Text;
use crate::store::unhex;
use axum::body::{Body, Bytes};
use axum::http::{
    Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header,
};
use axum::response::{IntoResponse, Response};
use http_body::{Frame, SizeHint};
use jiff::Timestamp;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::task::JoinHandle;

/// Bytes read at once.
const PIECE_BYTES: u64 = 256 << 10;
const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");
/// The same as older clients know it ([RFC 3230](https://www.rfc-editor.org/rfc/rfc3230)).
const DIGEST: HeaderName = HeaderName::from_static("digest");

/// The mark of an answer whose bytes are sent as they lie there.
#[derive(Clone, Copy)]
struct AsItIs;

/// Whether the server may pack an answer: not where a checksum says which bytes it has.
pub(in crate::http) fn may_be_packed(
    _: StatusCode,
    _: Version,
    _: &HeaderMap,
    extensions: &Extensions,
) -> bool {
    extensions.get::<AsItIs>().is_none()
}

/// What of a file a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Whole,
    /// From the first byte up to and with the last.
    Part(u64, u64),
    /// Nothing that the file has.
    Nothing,
}

/// A file to send.
pub(in crate::http) struct Download<'a> {
    /// Where it lies.
    pub(in crate::http) path: &'a Path,
    /// Address of what describes it.
    pub(in crate::http) described_by: &'a str,
    /// What to keep it as.
    pub(in crate::http) name: &'a str,
    pub(in crate::http) media_type: &'static str,
    pub(in crate::http) bytes: u64,
    /// SHA-256, lower-case hex.
    pub(in crate::http) sha256: &'a str,
    pub(in crate::http) made: Option<Timestamp>,
    /// The commit whose state it shows.
    pub(in crate::http) commit: Option<u64>,
}

/// The answer with a file, or a part of it.
pub(in crate::http) fn answer(
    file: &Download<'_>,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let etag = format!("\"{}\"", file.sha256);
    let modified = file.made.and_then(http_date);
    if headers.contains_key(header::IF_MATCH)
        && !names_tag(&joined(headers, header::IF_MATCH), &etag)
    {
        return Err(ApiError::precondition_failed(
            "Het bestand is niet dat van If-Match.",
            "The file is not that of If-Match.",
        ));
    }
    let is_known = if headers.contains_key(header::IF_NONE_MATCH) {
        is_fresh(headers, &etag)
    } else {
        let since = headers.get(header::IF_MODIFIED_SINCE);
        since.is_some() && since.and_then(|since| since.to_str().ok()) == modified.as_deref()
    };
    let asked = if method == Method::GET && is_still(headers, &etag, modified.as_deref()) {
        range(&joined(headers, header::RANGE), file.bytes)
    } else {
        Asked::Whole
    };
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let (status, first, bytes) = match asked {
            Asked::Nothing => return Err(not_there(file)),
            Asked::Whole => (StatusCode::OK, 0, file.bytes),
            Asked::Part(first, last) => (StatusCode::PARTIAL_CONTENT, first, last - first + 1),
        };
        let body =
            FileBody::open(file.path, file.bytes, first, bytes).map_err(ApiError::internal)?;
        let mut response = (status, Body::new(body)).into_response();
        let out = response.headers_mut();
        out.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(file.media_type),
        );
        out.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes));
        if let Asked::Part(first, last) = asked {
            let range = format!("bytes {first}-{last}/{}", file.bytes);
            put(out, header::CONTENT_RANGE, &range);
        }
        let name = format!("attachment; filename=\"{}\"", file.name);
        put(out, header::CONTENT_DISPOSITION, &name);
        response
    };
    response.extensions_mut().insert(AsItIs);
    let out = response.headers_mut();
    put(out, header::ETAG, &etag);
    if let Some(modified) = &modified {
        put(out, header::LAST_MODIFIED, modified);
    }
    out.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static(A_WEEK_FIXED),
    );
    out.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    put(
        out,
        header::LINK,
        &format!(
            "<{}>; rel=\"describedby\"; type=\"application/json\"",
            file.described_by
        ),
    );
    if let Some(digest) = unhex(file.sha256) {
        let digest = base64::encode(&digest);
        put(out, REPR_DIGEST, &format!("sha-256=:{digest}:"));
        put(out, DIGEST, &format!("sha-256={digest}"));
    }
    set_commit(out, file.commit);
    Ok(response)
}

fn put(out: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        out.insert(name, value);
    }
}

fn not_there(file: &Download<'_>) -> ApiError {
    let bytes = file.bytes;
    ApiError::new(
        StatusCode::RANGE_NOT_SATISFIABLE,
        "range-not-satisfiable",
        Text::new("Zoveel bytes zijn er niet", "There are not so many bytes"),
        Text::new(
            format!("Het bestand heeft {bytes} bytes; Range vraagt er andere."),
            format!("The file has {bytes} bytes; Range asks for others."),
        ),
    )
    .with("bytes", bytes)
    .with_header(header::CONTENT_RANGE, &format!("bytes */{bytes}"))
}

/// Whether `If-Range` names the file as it is; without it everything does.
fn is_still(headers: &HeaderMap, etag: &str, modified: Option<&str>) -> bool {
    let Some(given) = headers.get(header::IF_RANGE) else {
        return true;
    };
    let given = given.to_str().unwrap_or("").trim();
    // A weak tag is none here (RFC 9110 §13.1.5).
    given == etag || Some(given) == modified
}

/// What the header `Range` asks of so many bytes. What it cannot mean, several ranges and other units are passed over, as
/// the specification allows: the answer is whole then.
fn range(value: &str, bytes: u64) -> Asked {
    let Some(spec) = value.trim().strip_prefix("bytes=").map(str::trim) else {
        return Asked::Whole;
    };
    let Some((first, last)) = spec.split_once('-') else {
        return Asked::Whole;
    };
    let number = |text: &str| -> Option<u64> {
        let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // More digits than a number has are more bytes than a file has.
        is_plain.then(|| text.parse().unwrap_or(u64::MAX))
    };
    match (number(first), number(last)) {
        (Some(first), _) if last.is_empty() && first < bytes => Asked::Part(first, bytes - 1),
        (Some(_), _) if last.is_empty() => Asked::Nothing,
        (Some(first), Some(last)) if first > last => Asked::Whole,
        (Some(first), Some(_)) if first >= bytes => Asked::Nothing,
        (Some(first), Some(last)) => Asked::Part(first, last.min(bytes - 1)),
        (None, Some(length)) if first.is_empty() => {
            if length == 0 || bytes == 0 {
                Asked::Nothing
            } else {
                Asked::Part(bytes.saturating_sub(length), bytes - 1)
            }
        }
        _ => Asked::Whole,
    }
}

/// A part of a file as a body. A piece is read when the one before was taken.
struct FileBody {
    state: Reading,
    left: u64,
}

enum Reading {
    Idle(File),
    Under(JoinHandle<io::Result<(File, Bytes)>>),
    Ended,
}

impl FileBody {
    /// Opens a file of a known size at a place.
    fn open(path: &Path, size: u64, first: u64, bytes: u64) -> io::Result<Self> {
        let mut file = File::open(path)?;
        if file.metadata()?.len() != size {
            let reason = format!("{} has not the size its manifest says", path.display());
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        }
        if first > 0 {
            file.seek(SeekFrom::Start(first))?;
        }
        Ok(Self {
            state: Reading::Idle(file),
            left: bytes,
        })
    }
}

fn read_piece(mut file: File, bytes: u64) -> io::Result<(File, Bytes)> {
    let mut piece = Vec::with_capacity(usize::try_from(bytes).unwrap_or(0));
    let read = (&mut file).take(bytes).read_to_end(&mut piece)?;
    if read as u64 != bytes {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok((file, piece.into()))
}

impl http_body::Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        loop {
            match std::mem::replace(&mut self.state, Reading::Ended) {
                Reading::Idle(file) if self.left > 0 => {
                    let bytes = self.left.min(PIECE_BYTES);
                    let work = move || read_piece(file, bytes);
                    self.state = Reading::Under(tokio::task::spawn_blocking(work));
                }
                Reading::Under(mut work) => {
                    let Poll::Ready(done) = Pin::new(&mut work).poll(context) else {
                        self.state = Reading::Under(work);
                        return Poll::Pending;
                    };
                    let (file, piece) = match done.map_err(io::Error::other) {
                        Ok(Ok(read)) => read,
                        Ok(Err(error)) | Err(error) => return Poll::Ready(Some(Err(error))),
                    };
                    self.left -= piece.len() as u64;
                    self.state = Reading::Idle(file);
                    return Poll::Ready(Some(Ok(Frame::data(piece))));
                }
                Reading::Idle(_) | Reading::Ended => return Poll::Ready(None),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranges_are_read_as_rfc_9110_says() {
        for (value, expected) in [
            ("", Asked::Whole),
            ("bytes=0-", Asked::Part(0, 9)),
            ("bytes=3-", Asked::Part(3, 9)),
            ("bytes=3-3", Asked::Part(3, 3)),
            ("bytes=3-99", Asked::Part(3, 9)),
            ("bytes=3-99999999999999999999999", Asked::Part(3, 9)),
            ("bytes=-4", Asked::Part(6, 9)),
            ("bytes=-99", Asked::Part(0, 9)),
            ("bytes=-0", Asked::Nothing),
            ("bytes=10-", Asked::Nothing),
            ("bytes=10-12", Asked::Nothing),
            ("bytes=5-4", Asked::Whole),
            ("bytes=0-1,4-5", Asked::Whole),
            ("bytes=a-", Asked::Whole),
            ("bytes=-", Asked::Whole),
            ("bytes=--5", Asked::Whole),
            ("lines=0-4", Asked::Whole),
        ] {
            assert_eq!(range(value, 10), expected, "{value}");
        }
        assert_eq!(range("bytes=0-", 0), Asked::Nothing);
        assert_eq!(range("bytes=-5", 0), Asked::Nothing);
    }

    proptest! {
        #[test]
        fn no_range_panics_or_leaves_the_file(value in "(bytes=)?[0-9,-]{0,24}", bytes in 0..200_u64) {
            if let Asked::Part(first, last) = range(&value, bytes) {
                prop_assert!(first <= last && last < bytes);
            }
        }
    }
}

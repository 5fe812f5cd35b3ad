//! Bodies that arrive packed (`Content-Encoding`, [RFC 9110 §8.4](https://www.rfc-editor.org/rfc/rfc9110#section-8.4)):
//! unpacked within the limit that holds for the content, so that a small packet cannot grow without bound.

use super::error::ApiError;
use super::intake::{self, Account};
use super::reply::joined;
use super::state::blocking;
use crate::rdf::label::Text;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header};
use std::io::Read;
use tokio::sync::Semaphore;

/// The codings that are unpacked, as a refusal lists them.
const CODINGS: &str = "gzip, zstd";
/// Up to here unpacking costs less than another thread does.
const AT_ONCE_BYTES: usize = 8 << 10;
/// Memory of zstd for one body: 2^23 bytes is what decoders must have (RFC 8878 §3.1.1.1.2), and more than most use.
const ZSTD_WINDOW_LOG: u32 = 23;
/// Bytes that are unpacked between two looks at the limits.
const PART_BYTES: usize = 256 << 10;
/// Bodies that are unpacked at once: each may take a window of zstd.
static AT_WORK: Semaphore = Semaphore::const_new(8);

/// How a body is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Gzip,
    Zstd,
}

/// The coding a request names; `None` for a plain body.
fn coding(headers: &HeaderMap) -> Result<Option<Coding>, ApiError> {
    let value = joined(headers, header::CONTENT_ENCODING);
    let mut found = None;
    for name in value.split(',').map(str::trim) {
        let coding = match name.to_ascii_lowercase().as_str() {
            "" | "identity" => continue,
            "gzip" | "x-gzip" => Coding::Gzip,
            "zstd" => Coding::Zstd,
            _ => return Err(unknown(&value)),
        };
        if found.replace(coding).is_some() {
            return Err(unknown(&value));
        }
    }
    Ok(found)
}

/// Refuses a coding before the body is read.
pub(super) fn check(headers: &HeaderMap) -> Result<(), ApiError> {
    coding(headers).map(|_| ())
}

/// The content of a body.
///
/// # Errors
/// 415 for another coding, 413 as soon as the content is known to be larger than the limit, 400 when it cannot be unpacked.
pub(super) async fn unpacked(
    headers: &HeaderMap,
    body: Bytes,
    limit_bytes: usize,
) -> Result<Bytes, ApiError> {
    let Some(coding) = coding(headers)? else {
        return Ok(body);
    };
    let account = intake::current();
    let work = move || unpack(coding, &body, limit_bytes, account.as_deref());
    if limit_bytes <= AT_ONCE_BYTES {
        return work();
    }
    // Never closed.
    let turn = AT_WORK.acquire().await.ok();
    let unpacked = blocking(work).await;
    drop(turn);
    unpacked
}

fn unpack(
    coding: Coding,
    body: &[u8],
    limit_bytes: usize,
    account: Option<&Account>,
) -> Result<Bytes, ApiError> {
    let content = match coding {
        Coding::Gzip => read_within(
            &mut flate2::read::MultiGzDecoder::new(body),
            limit_bytes,
            account,
        ),
        Coding::Zstd => zstd::stream::read::Decoder::with_buffer(body)
            .and_then(|mut decoder| {
                decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                Ok(decoder)
            })
            .map_err(|_| damaged())
            .and_then(|mut decoder| read_within(&mut decoder, limit_bytes, account)),
    };
    content.map(Bytes::from)
}

/// All there is to read, a part at a time: what is too much, by itself or together with others, is not read on.
fn read_within(
    reader: &mut dyn Read,
    limit_bytes: usize,
    account: Option<&Account>,
) -> Result<Vec<u8>, ApiError> {
    let mut content = Vec::new();
    loop {
        let part = (limit_bytes + 1 - content.len()).min(PART_BYTES);
        let mut bounded = Read::take(&mut *reader, part as u64);
        let read = bounded.read_to_end(&mut content).map_err(|_| damaged())?;
        if read == 0 {
            return Ok(content);
        }
        if content.len() > limit_bytes {
            return Err(ApiError::too_large(limit_bytes));
        }
        if let Some(account) = account {
            account.take(read)?;
        }
    }
}

fn damaged() -> ApiError {
    ApiError::bad_request(
        "content-encoding",
        "De inhoud van het verzoek kan niet uitgepakt worden: hij is beschadigd, of anders ingepakt dan Content-Encoding zegt.",
        "The content of the request cannot be unpacked: it is damaged, or packed in another way than Content-Encoding says.",
    )
}

fn unknown(found: &str) -> ApiError {
    ApiError::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "content-encoding",
        Text::new("Inpakking niet ondersteund", "Coding not supported"),
        Text::new(
            format!("Content-Encoding \"{found}\" wordt hier niet uitgepakt; gebruik er één van: {CODINGS}."),
            format!("Content-Encoding \"{found}\" is not unpacked here; use one of: {CODINGS}."),
        ),
    )
    // RFC 7694 §3.
    .with_header(header::ACCEPT_ENCODING, CODINGS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(content).expect("memory takes it");
        packed.finish().expect("memory takes it")
    }

    #[test]
    fn unpacks_within_the_limit_and_no_further() {
        let content = vec![b'a'; 100_000];
        let packed = [
            (Coding::Gzip, gzip(&content)),
            (
                Coding::Zstd,
                zstd::encode_all(&content[..], 0).expect("memory takes it"),
            ),
        ];
        for (coding, packed) in packed {
            assert!(packed.len() < 1_000);
            let whole = unpack(coding, &packed, 100_000, None).expect("it fits");
            assert_eq!(whole, content);
            let over = unpack(coding, &packed, 99_999, None).expect_err("one byte too many");
            assert_eq!(over.code, "body-too-large");
            let cut = unpack(coding, &packed[..packed.len() / 2], 100_000, None);
            assert_eq!(cut.expect_err("cut off").code, "content-encoding");
        }
        let wrong = unpack(Coding::Gzip, b"<a> <b> <c> .", 100, None).expect_err("is not packed");
        assert_eq!(wrong.code, "content-encoding");
    }

    #[test]
    fn knows_its_codings() {
        let of = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_ENCODING, value.parse().expect("ASCII"));
            coding(&headers)
        };
        assert_eq!(of("X-Gzip").expect("known"), Some(Coding::Gzip));
        assert_eq!(of("identity, zstd").expect("known"), Some(Coding::Zstd));
        assert_eq!(of("identity").expect("known"), None);
        for wrong in ["br", "gzip, gzip", "deflate"] {
            assert_eq!(of(wrong).expect_err("unknown").status, 415, "{wrong}");
        }
        assert_eq!(coding(&HeaderMap::new()).expect("none"), None);
    }
}

//! Bodies that arrive packed (`Content-Encoding`, [RFC 9110 §8.4](https://www.rfc-editor.org/rfc/rfc9110#section-8.4)):
//! unpacked within the limit that holds for the content, so that a small packet cannot grow without bound.

use super::error::ApiError;
use super::reply::joined;
use super::state::blocking;
use crate::rdf::label::Text;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header};
use std::io::{self, Read};

/// The codings that are unpacked, as a refusal lists them.
const CODINGS: &str = "gzip, zstd";
/// Up to here unpacking costs less than another thread does.
const AT_ONCE_BYTES: usize = 8 << 10;
/// Memory of zstd for one body: 2^23 bytes is what decoders must have (RFC 8878 §3.1.1.1.2), and more than most use.
const ZSTD_WINDOW_LOG: u32 = 23;

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
    if body.len() <= AT_ONCE_BYTES && limit_bytes <= AT_ONCE_BYTES {
        return unpack(coding, &body, limit_bytes);
    }
    blocking(move || unpack(coding, &body, limit_bytes)).await
}

fn unpack(coding: Coding, body: &[u8], limit_bytes: usize) -> Result<Bytes, ApiError> {
    let result = match coding {
        Coding::Gzip => read_within(flate2::read::MultiGzDecoder::new(body), limit_bytes),
        Coding::Zstd => zstd::stream::read::Decoder::with_buffer(body)
            .and_then(|mut decoder| {
                decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                Ok(decoder)
            })
            .and_then(|decoder| read_within(decoder, limit_bytes)),
    };
    match result {
        Ok(Some(content)) => Ok(content.into()),
        Ok(None) => Err(ApiError::too_large(limit_bytes)),
        Err(_) => Err(ApiError::bad_request(
            "content-encoding",
            "De inhoud van het verzoek kan niet uitgepakt worden: hij is beschadigd, of anders ingepakt dan Content-Encoding zegt.",
            "The content of the request cannot be unpacked: it is damaged, or packed in another way than Content-Encoding says.",
        )),
    }
}

/// All there is to read; `None` when it is more than the limit.
fn read_within(reader: impl Read, limit_bytes: usize) -> io::Result<Option<Vec<u8>>> {
    let mut content = Vec::new();
    let mut bounded = reader.take(limit_bytes as u64 + 1);
    bounded.read_to_end(&mut content)?;
    Ok((content.len() <= limit_bytes).then_some(content))
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
            let whole = unpack(coding, &packed, 100_000).expect("it fits");
            assert_eq!(whole, content);
            let over = unpack(coding, &packed, 99_999).expect_err("one byte too many");
            assert_eq!(over.code, "body-too-large");
            let cut = unpack(coding, &packed[..packed.len() / 2], 100_000);
            assert_eq!(cut.expect_err("cut off").code, "content-encoding");
        }
        let wrong = unpack(Coding::Gzip, b"<a> <b> <c> .", 100).expect_err("is not packed");
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

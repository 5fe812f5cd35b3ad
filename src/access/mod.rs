//! Who may write, and who may follow the log, which holds also what is not shown. There is one administrator, known by a
//! token, and there may be a token of those who follow; everybody may read.
//! Pure decisions; knows no HTTP codes and keeps no token in clear.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Principal {
    /// Somebody unknown: may read what is public.
    Anonymous,
    /// Whoever holds the administrator's token: may write.
    Administrator,
    /// Whoever holds the followers' token: may read the whole log, and do no more than anybody besides.
    Follower,
}

/// The administrator's token, kept as a digest.
#[derive(Clone)]
pub struct AdminToken {
    digest: [u8; 32],
}

impl std::fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AdminToken")
    }
}

/// Why somebody may not write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteRefusal {
    /// No token is configured: nobody may write.
    #[error("this server is read-only: no administrator token is configured")]
    ReadOnly,
    /// No token was presented.
    #[error("a token is needed")]
    Missing,
    /// The token presented is another one, or not presented as `Bearer`.
    #[error("the token is not valid")]
    Wrong,
}

impl AdminToken {
    /// Keeps a token; `None` when it is empty.
    pub fn new(token: &str) -> Option<Self> {
        let token = token.trim();
        (!token.is_empty()).then(|| Self {
            digest: Sha256::digest(token.as_bytes()).into(),
        })
    }

    /// Whether a presented token is this one. Takes the same time for every wrong token.
    pub fn matches(&self, presented: &str) -> bool {
        let presented: [u8; 32] = Sha256::digest(presented.as_bytes()).into();
        self.digest.ct_eq(&presented).into()
    }
}

/// Decides on a write by the value of an `Authorization` header ([RFC 6750 §2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)).
///
/// # Errors
/// Why the write is refused.
pub fn authorise_write(
    configured: Option<&AdminToken>,
    authorization: Option<&str>,
) -> Result<Principal, WriteRefusal> {
    let configured = configured.ok_or(WriteRefusal::ReadOnly)?;
    let header = authorization.ok_or(WriteRefusal::Missing)?;
    let token = match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => return Err(WriteRefusal::Wrong),
    };
    if configured.matches(token) {
        Ok(Principal::Administrator)
    } else {
        Err(WriteRefusal::Wrong)
    }
}

/// Decides on following the log by the value of an `Authorization` header: the followers' token opens it, and the
/// administrator's.
///
/// # Errors
/// Why it is refused; [`WriteRefusal::ReadOnly`] when no token is configured at all.
pub fn authorise_follow(
    administrator: Option<&AdminToken>,
    follower: Option<&AdminToken>,
    authorization: Option<&str>,
) -> Result<Principal, WriteRefusal> {
    match authorise_write(follower, authorization) {
        Ok(_) => Ok(Principal::Follower),
        Err(refusal) => match authorise_write(administrator, authorization) {
            Err(WriteRefusal::ReadOnly) => Err(refusal),
            decided => decided,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn followers_and_the_administrator_may_follow() {
        let admin = AdminToken::new("beheerder").expect("not empty");
        let follower = AdminToken::new("volger").expect("not empty");
        let decide = |header| authorise_follow(Some(&admin), Some(&follower), header);
        assert_eq!(decide(Some("Bearer volger")), Ok(Principal::Follower));
        assert_eq!(
            decide(Some("Bearer beheerder")),
            Ok(Principal::Administrator)
        );
        assert_eq!(decide(Some("Bearer x")), Err(WriteRefusal::Wrong));
        assert_eq!(decide(None), Err(WriteRefusal::Missing));
        let none = |header| authorise_follow(None, None, header);
        assert_eq!(none(Some("Bearer volger")), Err(WriteRefusal::ReadOnly));
        let only = |header| authorise_follow(None, Some(&follower), header);
        assert_eq!(only(Some("Bearer beheerder")), Err(WriteRefusal::Wrong));
        assert_eq!(
            authorise_follow(Some(&admin), None, Some("Bearer volger")),
            Err(WriteRefusal::Wrong)
        );
        assert_eq!(
            authorise_write(Some(&admin), Some("Bearer volger")),
            Err(WriteRefusal::Wrong)
        );
    }

    #[test]
    fn only_the_token_opens_the_door() {
        let token = AdminToken::new("geheim-1\n").expect("not empty");
        let decide = |header| authorise_write(Some(&token), header);
        assert_eq!(
            decide(Some("Bearer geheim-1")),
            Ok(Principal::Administrator)
        );
        assert_eq!(
            decide(Some("bearer  geheim-1 ")),
            Ok(Principal::Administrator)
        );
        for wrong in [
            "Bearer geheim-2",
            "Basic geheim-1",
            "geheim-1",
            "Bearer ",
            "",
        ] {
            assert_eq!(decide(Some(wrong)), Err(WriteRefusal::Wrong), "{wrong}");
        }
        assert_eq!(decide(None), Err(WriteRefusal::Missing));
        assert_eq!(
            authorise_write(None, Some("Bearer x")),
            Err(WriteRefusal::ReadOnly)
        );
        assert!(AdminToken::new("  ").is_none());
        assert!(!format!("{token:?}").contains("geheim"));
    }
}

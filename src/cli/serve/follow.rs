//! `oslo serve --follow`: a server that reads only, fed by the log of another. Fetches the whole log where there is none yet, and
//! again when the primary gave up what comes next; in between it serves.

use super::{ServeArgs, ready, start};
use crate::cli::Exit;
use crate::cli::problem::{self, Problem};
use crate::cli::session::Session;
use crate::feeds::log_feed::{
    FeedSummary, FollowOptions, FollowStatus, Primary, Trouble, follow, install,
};
use crate::http::ServerConfig;
use crate::store::{has_log, mend_install};
use clap::Args;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What is remembered of the primary, so that a start needs no answer of it.
const FILE: &str = ".replica.toml";

#[derive(Args)]
pub(crate) struct FollowArgs {
    /// Follow the server at this address: take over its log, and no changes from elsewhere
    #[arg(long, value_name = "URL", requires = "follow_token_file")]
    pub(super) follow: Option<String>,
    /// File with the token to follow with
    #[arg(long, value_name = "FILE", requires = "follow")]
    follow_token_file: Option<PathBuf>,
    /// How far behind this server may be before `/health` answers 503, such as 30s or 5m [default: any time]
    #[arg(long, value_name = "TIME", requires = "follow", value_parser = parse_lag)]
    max_lag: Option<Duration>,
    /// File with a token that allows other servers to follow this one, and nothing else
    #[arg(long, value_name = "FILE")]
    pub(super) follower_token_file: Option<PathBuf>,
}

/// `30s`, `5m`, `1h`; a bare number is seconds.
fn parse_lag(text: &str) -> Result<Duration, String> {
    let wrong = || "write a time such as 30s, 5m or 1h".to_owned();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    let seconds = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err(wrong()),
    };
    let seconds = number.checked_mul(seconds).ok_or_else(wrong)?;
    Ok(Duration::from_secs(seconds))
}

#[derive(Deserialize, Serialize)]
struct Remembered {
    /// Base IRI of the registry.
    base: String,
}

/// Serves and follows until a signal comes.
pub(super) fn run(
    session: &Session,
    args: &ServeArgs,
    url: &str,
    config: &ServerConfig,
) -> anyhow::Result<Exit> {
    let token = match &args.follow.follow_token_file {
        Some(path) => super::read_token(path)?,
        None => String::new(),
    };
    // Whether the log that is here is too old to go on from.
    let mut is_too_old = false;
    loop {
        let stopped = Arc::new(AtomicBool::new(false));
        let primary = Primary::new(url, &token, Arc::clone(&stopped)).ok_or_else(|| {
            Problem::new(
                format!("{url} is geen adres met http of https"),
                format!("{url} is no address with http or https"),
            )
        })?;
        let base = prepare(session, &primary, is_too_old)?;
        let session = session.at(base);
        let registry = Arc::new(session.open_to_follow(args.memory)?);
        let status = Arc::new(FollowStatus::new(primary.url(), args.follow.max_lag));
        let too_far_behind = Arc::new(AtomicBool::new(false));
        let config = ServerConfig {
            follow: Some(Arc::clone(&status)),
            ends_when: Some(Arc::clone(&too_far_behind)),
            ..config.clone()
        };
        let options = FollowOptions {
            primary,
            stopped,
            too_far_behind: Arc::clone(&too_far_behind),
        };
        let following = follow(Arc::clone(&registry), options, status)?;
        let text = session
            .console
            .say("alleen lezen, volgt", "reading only, follows");
        let exit = start(registry, config, |address| {
            ready(address, &format!("{text} {url}"))
        });
        drop(following);
        if exit.is_err() || !too_far_behind.load(Ordering::Relaxed) {
            return exit;
        }
        is_too_old = true;
    }
}

/// Makes sure that there is a log to open, and returns the base of the registry.
fn prepare(session: &Session, primary: &Primary, is_too_old: bool) -> anyhow::Result<String> {
    let dir = session.data();
    mend_install(dir).map_err(problem::of_store)?;
    let mut failures = 0;
    loop {
        let needs_log = is_too_old || !has_log(dir);
        let known = remembered(dir).filter(|_| !needs_log);
        let trouble = match primary.summary() {
            Ok(summary) => {
                check_base(session, &summary)?;
                if !needs_log {
                    // Should it be another registry now, the follower says so; what is here stays what it is.
                    let base = known.unwrap_or(summary.base);
                    remember(dir, &base)?;
                    return Ok(base);
                }
                match fetch(session, primary, &summary) {
                    Ok(()) => {
                        remember(dir, &summary.base)?;
                        return Ok(summary.base);
                    }
                    Err(trouble) => trouble,
                }
            }
            Err(trouble) => trouble,
        };
        match (trouble, known) {
            // It is heard of later: what is here can be read meanwhile.
            (_, Some(base)) => return Ok(base),
            (Trouble::Store(error), None) => return Err(problem::of_store(error)),
            (trouble, None) if trouble.is_transient() => {
                failures += 1;
                let text = trouble.text();
                let again = session
                    .console
                    .say("opnieuw over een ogenblik", "trying again in a moment");
                let text = text.get(session.console.language);
                eprintln!("{}: {text} ({again})", primary.url());
                if primary.pause(&trouble, failures).is_err() {
                    return Ok(session.base.clone());
                }
            }
            (trouble, None) => {
                let text = trouble.text();
                return Err(Problem::new(text.nl, text.en).into());
            }
        }
    }
}

fn fetch(session: &Session, primary: &Primary, summary: &FeedSummary) -> Result<(), Trouble> {
    let dir = session.data();
    let label = session.console.say("Log ophalen", "Fetching the log");
    let (mut bar, mut bytes) = (session.console.progress(label), 0);
    let installed = install(dir, primary, summary, &mut |more| {
        bytes += more;
        bar.at(bytes, bytes);
    });
    bar.done();
    let seq = installed?;
    tracing::info!(seq, bytes, "Fetched the log up to commit {seq}");
    Ok(())
}

/// A base that somebody chose must be that of the primary: graphs and documents are named below it.
fn check_base(session: &Session, summary: &FeedSummary) -> anyhow::Result<()> {
    if !session.is_base_chosen() || session.base == summary.base {
        return Ok(());
    }
    Err(Problem::new(
        format!(
            "de basis-IRI van het hoofdregister is {}, niet {}",
            summary.base, session.base
        ),
        format!(
            "the base IRI of the primary is {}, not {}",
            summary.base, session.base
        ),
    )
    .hint(
        "laat --base weg: een register dat volgt, neemt die van het hoofdregister over",
        "leave --base out: a node that follows takes over that of the primary",
    )
    .into())
}

fn remembered(dir: &Path) -> Option<String> {
    let text = fs::read_to_string(dir.join(FILE)).ok()?;
    let remembered: Remembered = toml::from_str(&text).ok()?;
    Some(remembered.base)
}

fn remember(dir: &Path, base: &str) -> anyhow::Result<()> {
    if remembered(dir).is_some_and(|known| known == base) {
        return Ok(());
    }
    let text = toml::to_string(&Remembered {
        base: base.to_owned(),
    })?;
    let path = dir.join(FILE);
    let new = dir.join(".replica.new");
    let written = fs::File::create(&new)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())
                .and_then(|()| file.sync_all())
        })
        .and_then(|()| fs::rename(&new, &path));
    written.map_err(|error| {
        let path = path.display();
        Problem::new(
            format!("{path} kan niet geschreven worden: {error}"),
            format!("{path} cannot be written: {error}"),
        )
        .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        assert_eq!(parse_lag("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(parse_lag("5m"), Ok(Duration::from_secs(300)));
        assert_eq!(parse_lag("7"), Ok(Duration::from_secs(7)));
        for wrong in ["", "s", "5d", "-1s", "1.5s", "99999999999999999h"] {
            assert!(parse_lag(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_base_is_remembered() {
        let folder = tempfile::tempdir().expect("temporary folder");
        assert_eq!(remembered(folder.path()), None);
        remember(folder.path(), "https://stad.example").expect("writes");
        remember(folder.path(), "https://stad.example").expect("writes");
        assert_eq!(
            remembered(folder.path()).as_deref(),
            Some("https://stad.example")
        );
    }
}

//! Takes over the records of one answer: each verified and appended by the store, shown to readers at the end of the answer
//! or, when there are many, now and then. Knows no addresses.

use super::status::FollowStatus;
use super::{Line, LineError, read_line};
use crate::store::{FollowError, Following, StoreError};
use std::io::{self, BufRead};
use std::time::{Duration, Instant};

/// How long records that came may wait for a sync that they share.
const SHARE: Duration = Duration::from_millis(20);

/// Why an answer was not taken over whole. What came before stays.
#[derive(Debug)]
pub(super) enum ReceiveError {
    /// The bytes stopped coming.
    Input(io::Error),
    /// The bytes are not those that were sent.
    Damaged(String),
    /// The store could not take them.
    Store(StoreError),
}

impl From<StoreError> for ReceiveError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<LineError> for ReceiveError {
    fn from(error: LineError) -> Self {
        match error {
            LineError::Input(error) => Self::Input(error),
            LineError::Wrong => Self::Damaged("a line of the feed cannot be read".to_owned()),
        }
    }
}

/// Reads an answer and takes over what it brings. Returns the last commit of the primary.
///
/// # Errors
/// See [`ReceiveError`].
pub(super) fn receive(
    input: &mut impl BufRead,
    following: &mut Following<'_>,
    status: &FollowStatus,
) -> Result<u64, ReceiveError> {
    let received = records(input, following, status);
    // Also what came before an error is to be seen.
    status.advanced(following.publish()?);
    received
}

fn records(
    input: &mut impl BufRead,
    following: &mut Following<'_>,
    status: &FollowStatus,
) -> Result<u64, ReceiveError> {
    match read_line(input)? {
        Line::First(last) => status.told(last),
        _ => {
            return Err(ReceiveError::Damaged(
                "the answer is no log feed".to_owned(),
            ));
        }
    }
    let mut shown = Instant::now();
    loop {
        match read_line(input)? {
            Line::Record {
                seq,
                file,
                offset,
                bytes,
            } => {
                let (at, _) = following.position();
                if seq != at + 1 {
                    let reason = format!("commit {seq} follows commit {at}");
                    return Err(ReceiveError::Damaged(reason));
                }
                let taken = following.append((file, offset), bytes, input);
                taken.map_err(|error| match error {
                    FollowError::Input(error) => ReceiveError::Input(error),
                    FollowError::Store(error) => ReceiveError::Store(error),
                    damaged => ReceiveError::Damaged(damaged.to_string()),
                })?;
                if shown.elapsed() >= SHARE {
                    status.advanced(following.publish()?);
                    shown = Instant::now();
                }
            }
            Line::End { last, .. } => return Ok(last),
            _ => {
                let reason = "a line of the feed stands where none is due";
                return Err(ReceiveError::Damaged(reason.to_owned()));
            }
        }
    }
}

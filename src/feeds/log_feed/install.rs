//! Fetches the whole log of a primary into a data folder: for a follower that has none yet, and for one that is so far behind
//! that the primary gave up what comes next. Opens nothing; the folder is opened afterwards, which verifies every record.

use super::follower::{Primary, Trouble};
use super::{FeedSummary, Line, LineError, read_line};
use crate::store::{InstallError, LogInstall};
use std::io::{BufReader, Read};
use std::path::Path;

/// Puts the log of the primary into a data folder, in the place of the one that is there, if any. `progress` hears bytes
/// written. Returns the last commit of the log.
///
/// # Errors
/// Why that could not be done; the folder then is as it was.
pub fn install(
    dir: &Path,
    primary: &Primary,
    summary: &FeedSummary,
    progress: &mut dyn FnMut(u64),
) -> Result<u64, Trouble> {
    let settings = summary.settings().ok_or(Trouble::Settings)?;
    let opened = primary.open("/log/base")?;
    let mut input = BufReader::with_capacity(1 << 16, opened.body);
    let mut install = LogInstall::begin(dir)?;
    let wrong = |what: &str| Trouble::Damaged(what.to_owned());
    let line_wrong = |error| match error {
        LineError::Input(error) => Trouble::BrokeOff(error.to_string()),
        LineError::Wrong => wrong("a line of the feed cannot be read"),
    };
    let Line::First(_) = read_line(&mut input).map_err(line_wrong)? else {
        return Err(wrong("the answer is no log feed"));
    };
    loop {
        match read_line(&mut input).map_err(line_wrong)? {
            Line::File { name, bytes } => {
                let mut counted = Counted {
                    input: &mut input,
                    progress: &mut *progress,
                };
                let taken = install.file(&name, bytes, &mut counted);
                let digest = taken.map_err(|error| match error {
                    InstallError::Input(error) => Trouble::BrokeOff(error.to_string()),
                    InstallError::Wrong(reason) => Trouble::Damaged(reason),
                    InstallError::Store(error) => Trouble::Store(error),
                })?;
                match read_line(&mut input).map_err(line_wrong)? {
                    Line::Sum(sum) if sum == digest => {}
                    _ => return Err(wrong("a file of the log does not match its digest")),
                }
            }
            Line::End { last, .. } => {
                install.finish(settings)?;
                return Ok(last);
            }
            _ => return Err(wrong("a line of the feed stands where none is due")),
        }
    }
}

struct Counted<'a, R> {
    input: R,
    progress: &'a mut dyn FnMut(u64),
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        let read = self.input.read(bytes)?;
        (self.progress)(read as u64);
        Ok(read)
    }
}

//! Writes a commit log as the first version of this program did: what a folder of format 1 looks like before it is opened.
//! Follows `docs/decisions`, not the code that reads it.

use super::workload::Model;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").expect("a String takes every write");
        out
    })
}

/// A log of the first `commits` commits of a model; their chain digests.
pub(super) fn write(dir: &Path, model: &mut Model, commits: u64) -> Vec<String> {
    let mut bytes = b"oslo-commitlog1\n".to_vec();
    let mut previous = "0".repeat(64);
    let mut digests = Vec::new();
    for seq in 1..=commits {
        let net = model.net(seq);
        let mut rows = String::new();
        let mut adds = 0;
        for (line, added) in &net {
            adds += u64::from(*added);
            let sign = if *added { 'A' } else { 'D' };
            writeln!(rows, "{sign} {} .", line.trim_end()).expect("a String takes every write");
        }
        let header = format!(
            "H seq {seq}\nH prev sha256:{previous}\nH time 2025-03-02T08:15:{seq:02}.117Z\n\
             H agent <https://example.org/id/agent>\nH activity <https://example.org/id/load/{seq}>\n\
             H adds {adds}\nH removes {}\n",
            net.len() as u64 - adds
        );
        let payload = Sha256::digest(rows.as_bytes());
        let mut chained = Sha256::new();
        chained.update(previous.as_bytes());
        chained.update(header.as_bytes());
        chained.update(payload);
        let digest = hex(&chained.finalize());
        let text = format!(
            "{header}TX .\n{rows}H payload sha256:{}\nH digest sha256:{digest}\nTC .\n",
            hex(&payload)
        );
        bytes.extend((text.len() as u32).to_le_bytes());
        bytes.extend(crc32c::crc32c(text.as_bytes()).to_le_bytes());
        bytes.extend(text.as_bytes());
        previous.clone_from(&digest);
        digests.push(digest);
    }
    fs::create_dir_all(dir).expect("the folder of a life");
    fs::write(dir.join("commits.log"), bytes).expect("a log of format 1");
    digests
}

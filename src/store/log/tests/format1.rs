//! Logs of format 1 are read where they are, and adopted when opened for writing.

use super::*;
use crate::store::log::header::{chain_digest, header_text, record_trailer};
use sha2::{Digest as _, Sha256};

/// One frame of format 1.
fn frame(text: &[u8]) -> Vec<u8> {
    let mut out = (text.len() as u32).to_le_bytes().to_vec();
    out.extend_from_slice(&crc32c::crc32c(text).to_le_bytes());
    out.extend_from_slice(text);
    out
}

/// A log as the first version of this program wrote it: the bytes, and what they say. The second commit has two frames.
fn old_log() -> (Vec<u8>, Vec<Heard>) {
    let mut bytes = b"oslo-commitlog1\n".to_vec();
    let mut written = Vec::new();
    let mut previous = [0; 32];
    for seq in 1..=3 {
        let rows = some_rows(seq, 4);
        let mut info = info(seq, &rows);
        let header = header_text(&info, &previous);
        let lines: Vec<String> = rows
            .iter()
            .map(|(added, row)| format!("{} {row}\n", if *added { 'A' } else { 'D' }))
            .collect();
        let payload = Sha256::digest(lines.concat().as_bytes()).into();
        let digest = chain_digest(&previous, &header, &payload);
        let trailer = record_trailer(&payload, &digest);
        let split = if seq == 2 { 2 } else { 4 };
        let first = format!("{header}TX .\n{}", lines[..split].concat());
        let rest = format!("{}{trailer}", lines[split..].concat());
        if seq == 2 {
            bytes.extend(frame(first.as_bytes()));
            bytes.extend(frame(rest.as_bytes()));
        } else {
            bytes.extend(frame(format!("{first}{rest}").as_bytes()));
        }
        info.digest = hex(&digest);
        written.push(Heard { info, rows });
        previous = digest;
    }
    (bytes, written)
}

fn folder_with(bytes: &[u8]) -> TempDir {
    let folder = tempfile::tempdir().expect("temporary folder");
    fs::write(folder.path().join("commits.log"), bytes).expect("writes");
    folder
}

fn open(folder: &TempDir, keeper: &mut Keeper) -> Opened {
    CommitLog::open(folder.path(), options(1 << 30), None, keeper).expect("opens")
}

#[test]
fn the_format_is_the_one_that_was_written() {
    // Both digests were computed outside this program, from the description of format 1: they guard this encoder.
    let (bytes, written) = old_log();
    assert!(bytes[24..].starts_with(b"H seq 1\nH prev sha256:0000"));
    assert_eq!(
        hex(&Sha256::digest(&bytes)),
        "317b19f3cfd948226a9dedf0cee666b00096c1795caa5fbddc2cd9a0121c4690"
    );
    assert_eq!(
        written[2].info.digest,
        "a3eb90c5a1e91018cc35e9d1162f12be351d9b5437966eb11cbc07466e325b1e"
    );
}

#[test]
fn reading_leaves_it_in_place_and_writing_moves_it() {
    let (bytes, mut written) = old_log();
    let folder = folder_with(&bytes);
    assert!(CommitLog::exists(folder.path()));
    assert_eq!(
        look(folder.path(), read_only()).expect("reads").commits,
        written
    );
    assert!(!folder.path().join("log").exists());

    let mut keeper = Keeper::default();
    let opened = open(&folder, &mut keeper);
    assert_eq!(keeper.commits, written);
    assert!(!folder.path().join("commits.log").exists());
    let adopted = folder.path().join("log/000000000001.log");
    assert_eq!(fs::read(&adopted).expect("reads"), bytes);
    assert_eq!(opened.log.files().len(), 2);
    assert_eq!(opened.log.info(2).expect("reads"), written[1].info);
    assert_eq!(opened.log.info(3).expect("reads"), written[2].info);

    let mut fixture = Fixture {
        options: options(1 << 30),
        log: opened.log,
        writer: opened.writer,
        written: Vec::new(),
        folder,
    };
    fixture.commit(5);
    let known = fixture.known();
    fixture.commit(2);
    written.append(&mut fixture.written);
    assert_eq!(fixture.reopen(None).expect("opens").commits, written);
    assert_eq!(
        fixture.reopen(Some(known)).expect("opens").commits,
        written[4..]
    );
    let mut part = Keeper::default();
    fixture.log.read(2, 4, &mut part).expect("reads");
    assert_eq!(part.commits, written[1..4]);

    // Giving up the first two commits writes what follows them anew, in format 2.
    fixture
        .log
        .write_base(2, 1, |base| {
            base.row(|out| out.extend_from_slice(b"<s> <p> <o>"))
        })
        .expect("writes");
    fixture.writer().drop_before(2).expect("drops");
    let heard = fixture.reopen(None).expect("opens");
    assert_eq!(heard.commits, written[2..]);
    assert_eq!(heard.base.expect("is there").info, written[1].info);
    assert!(
        fs::read(fixture.dir().join("log/000000000003.log"))
            .expect("reads")
            .starts_with(b"oslo-commitlog2\n")
    );
}

#[test]
fn a_torn_tail_is_cut_before_the_move() {
    let (bytes, written) = old_log();
    for cut in (16..bytes.len()).step_by(13) {
        let folder = folder_with(&bytes[..cut]);
        let mut keeper = Keeper::default();
        let opened = open(&folder, &mut keeper);
        assert!(keeper.commits.len() < 3);
        assert_eq!(keeper.commits, written[..keeper.commits.len()]);
        let mut fixture = Fixture {
            options: options(1 << 30),
            log: opened.log,
            writer: opened.writer,
            written: keeper.commits,
            folder,
        };
        fixture.commit(1);
        let written = fixture.written.clone();
        assert_eq!(
            fixture.reopen(None).expect("opens").commits,
            written,
            "cut at {cut}"
        );
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    let (bytes, _) = old_log();
    for at in 0..bytes.len() {
        for bit in [0, 5] {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            let folder = folder_with(&flipped);
            let mut keeper = Keeper::default();
            let opened = CommitLog::open(folder.path(), options(1), None, &mut keeper);
            assert!(opened.is_err(), "bit {bit} of byte {at}");
            assert_eq!(
                fs::read(folder.path().join("commits.log")).expect("reads"),
                flipped
            );
        }
    }
}

#[test]
fn two_logs_in_one_folder_are_refused() {
    let fixture = Fixture::filled(1 << 30, 1);
    fs::write(fixture.dir().join("commits.log"), old_log().0).expect("writes");
    assert!(matches!(fixture.look(), Err(LogError::TwoLogs { .. })));
}

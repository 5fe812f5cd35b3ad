//! Export → load into a fresh registry → export gives the same bytes, blank nodes and awkward literals included.

use super::oslo::{output, run, stdout};
use std::fs;
use std::path::Path;

fn fixtures() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .display()
        .to_string()
}

fn export(data: &Path, format: &str) -> String {
    output(data, ["export", "--format", format])
}

#[test]
fn a_dump_loads_back_into_the_same_dump() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let first = folder.path().join("first");
    let nasty = folder.path().join("nasty.ttl");
    fs::write(
        &nasty,
        "@prefix : <http://example.org/> .\n:a :p [ :q [ :r :a ] , _:x ], ( 1 01 1.0 \"a\\tb\\n\\\"c\\\"\"@nl-BE \"🦆\" ) .\n_:x :loop _:x .\n",
    )
    .expect("write");
    let loaded = run(
        &first,
        [
            "load",
            "--on-violation",
            "off",
            &fixtures(),
            &nasty.display().to_string(),
        ],
    );
    assert!(stdout(&loaded).contains("lastig.trig"));
    // The fixtures hold a folder of files that are wrong on purpose; those that do not parse are refused one by one.
    for (format, extension) in [("nquads", "nq"), ("trig", "trig")] {
        let dump = export(&first, format);
        assert!(dump.contains("_:b"), "there are blank nodes");
        let file = folder.path().join(format!("dump.{extension}"));
        fs::write(&file, &dump).expect("write the dump");
        let second = folder.path().join(extension);
        output(
            &second,
            ["load", "--on-violation", "off", &file.display().to_string()],
        );
        assert!(
            export(&second, format) == dump,
            "{format}: the second dump differs"
        );
        assert_eq!(
            export(&second, "nquads"),
            export(&first, "nquads"),
            "{format}"
        );
    }
}

#[test]
fn blank_nodes_of_updates_survive_too() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let file = folder.path().join("a.ttl");
    fs::write(&file, "<http://example.org/a> <http://example.org/p> 1 .").expect("write");
    output(
        &first,
        ["load", "--graph", "default", &file.display().to_string()],
    );
    output(
        &first,
        ["update", "INSERT DATA { _:b1 <http://example.org/p> _:b2 }"],
    );
    let dump = export(&first, "nquads");
    let dumped = folder.path().join("dump.nq");
    fs::write(&dumped, &dump).expect("write the dump");
    output(&second, ["load", &dumped.display().to_string()]);
    assert_eq!(export(&second, "nquads"), dump);
    assert_eq!(dump.lines().count(), 2);
}

//! The examples of the documentation, typed as they stand there.

use crate::served::{Served, TOKEN, example, free_address};
use std::process::Command;

const PAGE: &str = include_str!("../../../docs/application-developers.md");

#[test]
fn examples_of_writing_do_what_they_say() {
    let there = Command::new("curl").arg("--version").output();
    if there.is_err() {
        assert!(std::env::var_os("CI").is_none(), "curl is not installed");
        eprintln!("curl is not installed: it was not tried");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let address = free_address();
    let base = format!("http://{address}");
    example(&data, &base);
    let _served = Served::start(&data, address, &base, &[]);
    let (_, section) = PAGE.split_once("## Writing items").expect("the section");
    let (_, script) = section.split_once("```sh\n").expect("an example");
    let (script, _) = script.split_once("```").expect("its end");
    let lines = script.lines().filter(|line| line.starts_with("curl "));
    assert_eq!(lines.count(), 8);
    let done = Command::new("sh")
        .args(["-e", "-c", script])
        .current_dir(folder.path())
        .env("BASE", &base)
        .env("TOKEN", TOKEN)
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&done.stdout);
    let failed = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}\n{failed}");
    assert!(said.contains("\"gewijzigd\": false"), "{said}");
    assert!(said.contains("\"ticketId\""), "{said}");
}

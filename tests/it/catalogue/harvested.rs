//! The catalogue judged by pySHACL with the official shapes, and read by the parser of ckanext-dcat. `make feeds` installs both and
//! names their folder in `OSLO_FEEDS`; without it they are not asked, and the test says so.

use super::official::{behind, folder, published};
use super::{to_judge, triples_of, whole};
use oxrdf::Triple;
use std::path::{Path, PathBuf};
use std::process::Command;

fn installed() -> Option<PathBuf> {
    let folder = std::env::var_os("OSLO_FEEDS").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("OSLO_FEEDS names no folder: harvesters were not asked; see `make feeds`");
    }
    folder
}

fn write(path: &Path, triples: &[Triple]) {
    let lines: String = triples
        .iter()
        .map(|triple| format!("{triple} .\n"))
        .collect();
    std::fs::write(path, lines).expect("writes");
}

/// Runs a script of the folder and returns what it printed.
fn python(installed: &Path, arguments: &[&std::ffi::OsStr]) -> String {
    let done = Command::new(installed.join("venv/bin/python"))
        .arg("-W")
        .arg("ignore")
        .arg(installed.join("catalogue.py"))
        .args(arguments)
        .output()
        .expect("Python runs");
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{text}\n{errors}");
    text
}

#[test]
fn pyshacl_finds_that_it_conforms_to_the_official_shapes() {
    let (Some(installed), Some(folder)) = (installed(), folder()) else {
        return;
    };
    let files = tempfile::tempdir().expect("a folder");
    let path = files.path().join("catalogue.nt");
    for shapes in published(&folder) {
        let mut data = triples_of(&to_judge(&shapes));
        let more = behind(&data);
        data.extend(more);
        write(&path, &data);
        let said = python(
            &installed,
            &["shacl".as_ref(), path.as_os_str(), shapes.as_os_str()],
        );
        eprintln!("{}: {said}", shapes.display());
        assert!(said.starts_with("conforms"), "{}: {said}", shapes.display());
    }
}

#[test]
fn ckan_reads_every_field_that_portals_show() {
    let Some(installed) = installed() else { return };
    let files = tempfile::tempdir().expect("a folder");
    let catalogue = whole();
    let path = files.path().join("catalogue.nt");
    write(&path, &triples_of(&catalogue));
    let said = python(&installed, &["ckan".as_ref(), path.as_os_str()]);
    let datasets: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    let datasets = datasets.as_array().expect("a list");
    assert_eq!(datasets.len(), catalogue.datasets.len());
    for dataset in datasets {
        let extra = |key: &str| {
            let extras = dataset["extras"].as_array().expect("a list");
            extras
                .iter()
                .find(|extra| extra["key"] == key)
                .map(|extra| extra["value"].as_str().unwrap_or_default().to_owned())
        };
        let uri = extra("uri").expect("an IRI");
        let name = uri.rsplit('/').next().expect("a name");
        let own = catalogue.dataset(name).expect("known");
        assert_eq!(dataset["title"], own.title.nl.as_str());
        assert_eq!(dataset["notes"], own.description.nl.as_str());
        assert!(
            dataset["tags"]
                .as_array()
                .is_some_and(|tags| !tags.is_empty())
        );
        assert_eq!(extra("identifier").as_deref(), Some(uri.as_str()));
        for key in [
            "modified",
            "frequency",
            "access_rights",
            "theme",
            "language",
            "conforms_to",
            "publisher_uri",
            "publisher_name",
            "publisher_email",
            "publisher_url",
            "contact_name",
            "contact_email",
            "contact_uri",
            "spatial_uri",
            "spatial_text",
            "spatial_bbox",
        ] {
            let value = extra(key).unwrap_or_default();
            assert!(!value.is_empty(), "{name}: {key} is missing: {dataset:#}");
        }
        if !own.hvd.is_empty() {
            for key in ["hvd_category", "applicable_legislation"] {
                assert!(extra(key).is_some(), "{name}: {key}");
            }
        }
        let resources = dataset["resources"].as_array().expect("a list");
        assert_eq!(resources.len(), own.distributions.len(), "{name}");
        for resource in resources {
            for key in [
                "uri",
                "url",
                "access_url",
                "download_url",
                "name",
                "license",
                "format",
                "mimetype",
                "modified",
            ] {
                let value = resource[key].as_str().unwrap_or_default();
                assert!(!value.is_empty(), "{name}: {key} is missing: {resource:#}");
            }
        }
        if name == "adressen" {
            let dump = resources.iter().find(|resource| {
                resource["download_url"]
                    .as_str()
                    .is_some_and(|url| url.ends_with(".nq.gz"))
            });
            let dump = dump.expect("a dump");
            for key in [
                "size",
                "hash",
                "hash_algorithm",
                "compress_format",
                "access_services",
            ] {
                assert!(!dump[key].is_null(), "{key} is missing: {dump:#}");
            }
        }
    }
}

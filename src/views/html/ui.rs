//! The files that `make ui` built, as they were taken into the program; none when nothing was built. Pages must be of use
//! without them.

use serde_json::Value as Json;

/// Name and content, sorted by name.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/ui.rs"));
/// Which file is called what: names follow from contents.
const NAMES: &str = "names.json";

/// The files of the viewer of the interface, by the names they are served under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// The viewer itself.
    pub script: String,
    /// Its style.
    pub style: String,
    /// What starts it.
    pub start: String,
}

/// The content of a file under its name.
pub fn ui_file(name: &str) -> Option<&'static [u8]> {
    let is_served = name != NAMES;
    let found = FILES.binary_search_by_key(&name, |(known, _)| known).ok()?;
    is_served.then_some(FILES[found].1)
}

/// The viewer, when it was built in.
pub fn viewer() -> Option<Viewer> {
    let found = FILES
        .binary_search_by_key(&NAMES, |(known, _)| known)
        .ok()?;
    let names: Json = serde_json::from_slice(FILES[found].1).ok()?;
    let name = |of: &str| Some(names.get(of)?.as_str()?.to_owned());
    Some(Viewer {
        script: name("viewer.js")?,
        style: name("viewer.css")?,
        start: name("api.js")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_names_list_is_there() {
        assert!(ui_file("onbekend.js").is_none());
        assert!(ui_file(NAMES).is_none());
        if let Some(viewer) = viewer() {
            for name in [&viewer.script, &viewer.style, &viewer.start] {
                assert!(ui_file(name).is_some_and(|file| !file.is_empty()), "{name}");
            }
        }
    }
}

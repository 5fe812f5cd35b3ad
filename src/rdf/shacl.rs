//! Which version of SHACL a registry speaks, and which results deny conformance. SHACL 1.2 adds constraints, targets and
//! severities and is a draft; a registry takes them only when its keeper says so. Reads no shapes.

/// A version of SHACL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ShaclVersion {
    /// [SHACL 1.0](https://www.w3.org/TR/shacl/).
    #[default]
    Shacl10,
    /// [SHACL 1.2](https://www.w3.org/TR/shacl12-core/), a draft.
    Shacl12,
}

impl ShaclVersion {
    /// By its number: `1.0` or `1.2`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "1.0" => Some(Self::Shacl10),
            "1.2" => Some(Self::Shacl12),
            _ => None,
        }
    }

    /// Its number.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shacl10 => "1.0",
            Self::Shacl12 => "1.2",
        }
    }

    /// Whether what SHACL 1.2 adds is taken.
    pub fn is_12(self) -> bool {
        self == Self::Shacl12
    }
}

impl std::fmt::Display for ShaclVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The least grave severity that denies conformance (`sh:conformanceDisallows` of SHACL 1.2): results of this severity and
/// graver ones make `sh:conforms` false, milder ones are only told. SHACL 1.0 knows no milder ones: there every result denies it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Threshold {
    /// `sh:Violation` alone.
    Violation,
    /// `sh:Warning` and graver.
    Warning,
    /// `sh:Info` and graver, as the draft has it.
    #[default]
    Info,
    /// `sh:Debug` and graver.
    Debug,
    /// Every result.
    Trace,
}

impl Threshold {
    /// All, the gravest first.
    pub const ALL: [Self; 5] = [
        Self::Violation,
        Self::Warning,
        Self::Info,
        Self::Debug,
        Self::Trace,
    ];

    /// By its name in small letters.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }

    /// Its name in small letters.
    pub fn name(self) -> &'static str {
        match self {
            Self::Violation => "violation",
            Self::Warning => "warning",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }

    /// Local name of its IRI.
    pub fn local_name(self) -> &'static str {
        match self {
            Self::Violation => "Violation",
            Self::Warning => "Warning",
            Self::Info => "Info",
            Self::Debug => "Debug",
            Self::Trace => "Trace",
        }
    }
}

impl std::fmt::Display for Threshold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

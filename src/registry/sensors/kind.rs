//! The kinds of entities, what they are called in addresses and IRIs, and where they lead. Knows no statements.

use std::fmt;

/// A kind of entity that the registry has as statements. Observations are none: they are rows of a store of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `sosa:Platform`.
    Thing,
    /// Where a platform is.
    Location,
    /// `sosa:ObservationCollection`, a series.
    Datastream,
    /// `sosa:Sensor`.
    Sensor,
    /// `sosa:ObservableProperty`.
    ObservedProperty,
    /// `sosa:FeatureOfInterest`.
    FeatureOfInterest,
}

/// Where a navigation property leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// To entities of the registry.
    Entities(Kind),
    /// To observations.
    Observations,
}

/// A navigation property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Navigation {
    /// Its name, as in addresses.
    pub name: &'static str,
    /// Where it leads.
    pub target: Target,
    /// Whether it leads to many.
    pub many: bool,
}

const fn to(name: &'static str, kind: Kind, many: bool) -> Navigation {
    Navigation {
        name,
        target: Target::Entities(kind),
        many,
    }
}

const OBSERVATIONS: Navigation = Navigation {
    name: "Observations",
    target: Target::Observations,
    many: true,
};
const DATASTREAMS: Navigation = to("Datastreams", Kind::Datastream, true);

impl Kind {
    /// All of them, in the order of their place in tables.
    pub const ALL: [Self; 6] = [
        Self::Thing,
        Self::Location,
        Self::Datastream,
        Self::Sensor,
        Self::ObservedProperty,
        Self::FeatureOfInterest,
    ];

    /// Its place in tables.
    pub(crate) const fn place(self) -> usize {
        self as usize
    }

    /// Name of one.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Thing => "Thing",
            Self::Location => "Location",
            Self::Datastream => "Datastream",
            Self::Sensor => "Sensor",
            Self::ObservedProperty => "ObservedProperty",
            Self::FeatureOfInterest => "FeatureOfInterest",
        }
    }

    /// Name of the entity set.
    pub const fn set(self) -> &'static str {
        match self {
            Self::Thing => "Things",
            Self::Location => "Locations",
            Self::Datastream => "Datastreams",
            Self::Sensor => "Sensors",
            Self::ObservedProperty => "ObservedProperties",
            Self::FeatureOfInterest => "FeaturesOfInterest",
        }
    }

    /// The kind of an entity set.
    pub fn of_set(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.set() == name)
    }

    /// What IRIs of this registry have before the number.
    pub const fn segment(self) -> &'static str {
        match self {
            Self::Thing => "platform",
            Self::Location => "locatie",
            Self::Datastream => "observatieverzameling",
            Self::Sensor => "sensor",
            Self::ObservedProperty => "waargenomenKenmerk",
            Self::FeatureOfInterest => "waarnemingsobject",
        }
    }

    /// The IRI of a number.
    pub fn iri(self, base: &str, number: u64) -> String {
        format!("{base}/id/{}/{number}", self.segment())
    }

    /// The number of an IRI that this registry gave.
    pub fn number(self, base: &str, iri: &str) -> Option<u64> {
        let rest = iri.strip_prefix(base)?.strip_prefix("/id/")?;
        let digits = rest.strip_prefix(self.segment())?.strip_prefix('/')?;
        let number: u64 = digits.parse().ok()?;
        (number.to_string() == digits).then_some(number)
    }

    /// Its own properties, in the order in which they are shown.
    pub const fn properties(self) -> &'static [&'static str] {
        match self {
            Self::Thing => &["name", "description", "properties"],
            Self::Location => &[
                "name",
                "description",
                "encodingType",
                "location",
                "properties",
            ],
            Self::Datastream => &[
                "name",
                "description",
                "observationType",
                "unitOfMeasurement",
                "observedArea",
                "phenomenonTime",
                "resultTime",
                "properties",
            ],
            Self::Sensor => &[
                "name",
                "description",
                "encodingType",
                "metadata",
                "properties",
            ],
            Self::ObservedProperty => &["name", "definition", "description", "properties"],
            Self::FeatureOfInterest => &[
                "name",
                "description",
                "encodingType",
                "feature",
                "properties",
            ],
        }
    }

    /// Where it leads.
    pub const fn navigations(self) -> &'static [Navigation] {
        match self {
            Self::Thing => const { &[to("Locations", Self::Location, true), DATASTREAMS] },
            Self::Location => const { &[to("Things", Self::Thing, true)] },
            Self::Datastream => {
                const {
                    &[
                        to("Thing", Self::Thing, false),
                        to("Sensor", Self::Sensor, false),
                        to("ObservedProperty", Self::ObservedProperty, false),
                        OBSERVATIONS,
                    ]
                }
            }
            Self::Sensor | Self::ObservedProperty => const { &[DATASTREAMS] },
            Self::FeatureOfInterest => const { &[OBSERVATIONS] },
        }
    }

    /// A navigation property by name.
    pub fn navigation(self, name: &str) -> Option<Navigation> {
        let mut all = self.navigations().iter();
        all.find(|navigation| navigation.name == name).copied()
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

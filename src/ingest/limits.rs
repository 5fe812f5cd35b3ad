//! Bounds on what one input may cost. A bound that is hit refuses the input (P020); nothing is cut off silently.

/// Bounds for one input. The defaults suit a steward at the command line; a server takes smaller ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Content in bytes, after decompression; of line formats see `max_lines_bytes`.
    pub max_file_bytes: u64,
    /// N-Triples and N-Quads content in bytes, after decompression: read line by line, a whole register is no burden.
    pub max_lines_bytes: u64,
    /// JSON-LD content in bytes: a JSON-LD reader must hold an object until it has seen its context.
    pub max_json_bytes: u64,
    /// One line of N-Triples or N-Quads, in bytes. Turtle and TriG have no lines; their readers bound one token at 16 MiB.
    pub max_line_bytes: u64,
    /// One tag, text or comment of RDF/XML, in bytes.
    pub max_xml_event_bytes: u64,
    /// Nesting of JSON objects and arrays.
    pub max_json_depth: u32,
    /// Values, objects and arrays of one JSON document: what a reader holds of each takes hundreds of bytes, however few are written.
    pub max_json_values: u64,
    /// Bytes out per byte in of a compressed file, checked once 16 MiB have come out.
    pub max_inflation: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_file_bytes: 16 << 30,
            max_lines_bytes: 1 << 42,
            max_json_bytes: 128 << 20,
            max_line_bytes: 16 << 20,
            max_xml_event_bytes: 16 << 20,
            max_json_depth: 128,
            max_json_values: 16_000_000,
            max_inflation: 200,
        }
    }
}

impl Limits {
    /// For a document that came over the web: nobody looked at it before.
    pub fn of_sources() -> Self {
        Self {
            max_json_values: 1_000_000,
            ..Self::default()
        }
    }
}

/// Statements of a document that is held in memory as a whole.
pub(crate) const MAX_COLLECTED: usize = 2_000_000;

/// Nesting of XML elements. What readers build of them, they also take apart by recursion.
pub(crate) const MAX_XML_DEPTH: u64 = 4096;

/// Content below this size is never called a bomb.
pub(crate) const INFLATION_FLOOR: u64 = 16 << 20;

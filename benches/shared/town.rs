//! The synthetic town as a file of a wanted size.

use oslo_registry::generate::{PlantedFault, TownOptions, TownStats, write_town};
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

/// The town's seed in all measurements.
const SEED: u64 = 42;

/// How many addresses give at least about this many quads; small towns have more streets for each address.
pub(crate) fn addresses_for(quads: u64) -> u64 {
    let options = TownOptions {
        addresses: (quads / 88).clamp(100, 20_000),
        seed: SEED,
        ..TownOptions::default()
    };
    let sample = write_town(&options, io::sink(), &mut |_| Ok(())).expect("nothing is written");
    // One in a hundred more, because the sample is not the whole.
    (quads * options.addresses * 101).div_ceil(sample.quads * 100)
}

/// Writes a town of about so many quads; `faults` is the share of fitting objects that gets each kind of fault.
pub(crate) fn write(
    path: &Path,
    quads: u64,
    faults: f64,
    on_fault: &mut dyn FnMut(&PlantedFault) -> io::Result<()>,
) -> TownStats {
    let options = TownOptions {
        addresses: addresses_for(quads),
        seed: SEED,
        faults,
        ..TownOptions::default()
    };
    let out = BufWriter::with_capacity(1 << 20, File::create(path).expect("the town's file"));
    write_town(&options, out, on_fault).expect("the town is written")
}

//! Turns a recording into the table this crate embeds:
//!
//!     cargo run -p joiner-catalog --example generate -- RECORDING.json.gz OUT.tsv YYYY-MM-DD
//!
//! The day is that of the recording, for people to judge how old the prices are.

use std::process::ExitCode;

use joiner_catalog::Catalog;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [recording, out, day] = &arguments[..] else {
        eprintln!("usage: generate RECORDING.json[.gz] OUT.tsv YYYY-MM-DD");
        return ExitCode::from(2);
    };
    let bytes = match std::fs::read(recording) {
        Ok(bytes) => bytes,
        Err(error) => {
            eprintln!("cannot read {recording}: {error}");
            return ExitCode::FAILURE;
        }
    };
    let catalog = match Catalog::read(&bytes) {
        Ok(catalog) => catalog.with_date(day),
        Err(error) => {
            eprintln!("{recording}: {error}");
            return ExitCode::FAILURE;
        }
    };
    if let Err(error) = std::fs::write(out, catalog.to_table()) {
        eprintln!("cannot write {out}: {error}");
        return ExitCode::FAILURE;
    }
    println!("{out}: {} instance types of {}", catalog.types().len(), catalog.region());
    ExitCode::SUCCESS
}

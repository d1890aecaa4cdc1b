//! Prints made-up manifests: `cargo run --release -p joiner-cli --example sample -- 1000 diverse > pods.json`.

use std::process::ExitCode;

use joiner_cli::sample::{Variety, manifests};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let count = arguments.next().and_then(|text| text.parse().ok());
    let variety = match arguments.next().as_deref() {
        Some("plain") => Some(Variety::Plain),
        Some("diverse") | None => Some(Variety::Diverse),
        Some(_) => None,
    };
    let (Some(count), Some(variety)) = (count, variety) else {
        eprintln!("usage: sample COUNT [diverse|plain]");
        return ExitCode::from(2);
    };
    print!("{}", manifests(count, variety, 42));
    ExitCode::SUCCESS
}

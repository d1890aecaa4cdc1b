//! Prints made-up manifests: `cargo run --release -p joiner-cli --example sample -- 1000 diverse > pods.json`.

use std::process::ExitCode;

use joiner_cli::sample::{Variety, cluster, manifests};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let count = arguments.next().and_then(|text| text.parse().ok());
    let kind = arguments.next();
    let asks_for_cluster = kind.as_deref() == Some("cluster");
    let variety = match kind.as_deref() {
        Some("plain") => Some(Variety::Plain),
        Some("diverse") | None => Some(Variety::Diverse),
        Some(_) => None,
    };
    if let (Some(nodes), true) = (count, asks_for_cluster) {
        print!("{}", cluster(nodes, 20, 42));
        return ExitCode::SUCCESS;
    }
    let (Some(count), Some(variety)) = (count, variety) else {
        eprintln!("usage: sample COUNT [diverse|plain|cluster]   (pods, or nodes with 20 pods on each)");
        return ExitCode::from(2);
    };
    print!("{}", manifests(count, variety, 42));
    ExitCode::SUCCESS
}

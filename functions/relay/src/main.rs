//! Cluster events into messages.

fn main() {}

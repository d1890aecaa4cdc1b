//! Nodes that should go, and the steps of their commands.

fn main() {}

//! Pending pods into machines.

fn main() {}

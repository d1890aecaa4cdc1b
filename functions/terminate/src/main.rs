//! Machines that go.

fn main() {}

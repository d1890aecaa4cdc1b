//! Announcements of EC2 into steps.

fn main() {}

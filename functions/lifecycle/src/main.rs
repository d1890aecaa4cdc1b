//! Claims from launch to usable; pools and classes; the sweep.

fn main() {}

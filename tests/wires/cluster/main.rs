//! Does the whole do what it says, with real control planes, real function processes and an emulated AWS? Told with
//! `kubectl`, as a user sees it.

mod adoption;
mod going;
mod interruption;
mod kills;
mod life;
mod noise;
mod relays;
mod speed;
mod steps;
mod world;

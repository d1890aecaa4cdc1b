//! What tests on real wires need: servers, certificates, processes.
//!
//! Everything runs on loopback, on free ports, in folders of its own, and ends with the test, however that ends. What
//! takes long to make is kept in a folder for caches. What cannot be had is an error with its remedy.

pub mod boot;
pub mod cache;
pub mod control_plane;
pub mod double;
mod guard;
pub mod lambda;
pub mod loopback;
pub mod moto;
pub mod process;
pub mod python;
mod run_folder;
mod setup_error;
pub mod stack;

pub use run_folder::RunFolder;
pub use setup_error::SetupError;

//! Does the deployment fit the code, and do the programs that deploy it take it?

mod dashboard;
mod deploy;
mod documents;
mod functions;
mod kubernetes;
mod lint;
mod messages;
mod pages;
mod rights;
mod routing;
mod settings;
mod synth;
mod tools;

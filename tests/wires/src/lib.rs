//! What tests on real wires need: servers, certificates, processes.

//! What does a whole deployment look like on loopback?

pub mod account;

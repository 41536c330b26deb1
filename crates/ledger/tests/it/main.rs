//! The ledger from outside: its public API, its files and its proofs, checked with what others wrote.
//!
//! One binary, because linking is what costs. A test whose peer is not installed fails and says what to install.

mod closing;
mod corpus;
mod database;
mod faults;
mod loopback;
mod object_server;
mod outsiders;
mod processes;
mod programs;
mod sample;
mod sim_disk;
mod time_authority;
mod upkeep;
mod workload;

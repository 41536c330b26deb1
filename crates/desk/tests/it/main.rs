//! Integration tests of the desk, on both engines, in one binary: linking is what costs.

mod audit;
mod cast;
mod database;
mod people;
mod rights;

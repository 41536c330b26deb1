//! Integration tests of the desk, on both engines, in one binary: linking is what costs.

mod approvals;
mod audit;
mod capture;
mod cast;
mod database;
mod jobs;
mod live;
mod mail;
mod people;
mod publishing;
mod records;
mod rights;
mod search;
mod sign_in;
mod word_lists;

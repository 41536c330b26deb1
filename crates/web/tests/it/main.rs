//! Integration tests of the edge, in one binary.

mod browser;
mod door;
mod pages;
mod walk;

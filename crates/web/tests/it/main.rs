//! Integration tests of the edge, in one binary.

mod browser;
mod pages;
mod walk;

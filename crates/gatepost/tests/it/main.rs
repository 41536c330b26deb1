//! The executable as its users meet it: commands typed in a fresh folder, their words, their JSON and their exit codes.

mod backup;
mod check;
mod configuration;
mod crash;
mod help;
mod inspect;
mod monitoring;
mod people;
mod program;
mod search;

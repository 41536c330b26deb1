//! The executable as its users meet it: commands typed in a fresh folder, their words, their JSON and their exit codes.

mod backup;
mod beside;
mod capturing;
mod check;
mod configuration;
mod crash;
mod erasure;
mod help;
mod importing;
mod inspect;
mod monitoring;
mod nodes;
mod peers;
mod people;
mod program;
mod publishing_crash;
mod search;
mod time_stamps;
mod upkeep;

//! Tests of what the other tests stand on, and those that need a process of their own to kill.

mod capture;
mod crash;
mod postgres;

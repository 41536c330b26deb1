//! Test only: disposable databases, a manual clock, people with each right, peers and fault injection.

pub mod captured;
pub mod context;
pub mod crash;
pub mod desk;
pub mod fault_proxy;
pub mod fickle;
pub mod jobs;
pub mod passkey;
pub mod peers;
pub mod people;
pub mod picture;
pub mod ports;
pub mod postgres;
pub mod process;
pub mod records;
pub mod scripted;
pub mod wait;

pub use captured::Captured;
pub use context::{ManualClock, SeededIds};
pub use desk::{TestDesk, on_both, on_both_with_mail};
pub use fickle::Fickle;
pub use passkey::SoftPasskey;
pub use people::Somebody;
pub use scripted::Scripted;
pub use wait::eventually;

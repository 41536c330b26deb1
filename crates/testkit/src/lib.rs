//! Test only: disposable databases, a manual clock, people with each right, peers and fault injection.

pub mod postgres;

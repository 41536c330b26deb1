//! The index on a real disk: what is found, what survives, what is gone.

mod corpus;
mod counting;
mod damage;
mod finding;
mod forgetting;
mod model;
mod paging;
mod rebuilding;
mod surviving;

//! Pages of rights: what somebody can do and why, roles, teams, and the table of rights itself.

mod giving;
mod grants;
mod names;
mod person;
mod roles;
mod table;
mod teams;

pub(crate) use giving::{assign, give, take, unassign};
pub(crate) use person::of_person;
pub(crate) use roles::{change_role, create_role, remove_role, role, roles};
pub(crate) use table::table;
pub(crate) use teams::{change_members, create_team, remove_team, rename_team, team, teams};

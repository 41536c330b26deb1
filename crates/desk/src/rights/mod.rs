//! Rights: who may do what, and why.
//!
//! Two tables in code say everything: [`Right`]/[`Level`] (what can be given) and [`Operation`] (what needs what). [`decide`] is the
//! only decision. Grants reach a person directly, through teams and through roles; [`explain`] says by which way.
//! Invariants: no right implies another; an unknown right counts as none; the last person who can give rights cannot lose that.

mod effective;
mod grants;
mod model;
mod operation;
mod right;
mod roles;
mod rules;
mod store;
mod teams;

pub use effective::{EffectiveRights, Given, Grant, Scope, Via};
pub use grants::{effective, explain, give, grants_of_holder, take};
pub use model::{Assignment, Explanation, Give, GrantRow, Holder, Role, Team};
pub use operation::{AWAITING_OPERATIONS, Access, Callers, Freshness, Need, Operation, PUBLISHING, READING, TokenScope, WRITING};
pub use right::{Level, Right, UnknownRight};
pub use roles::{BUILT_IN_ROLES, BuiltInRole, OWNER_ROLE, assign, create_role, remove_role, rename_role, role, roles, unassign};
pub use rules::{STEP_UP_WINDOW_MS, Target, decide, within_scope};
pub use teams::{add_member, create_team, members, remove_member, remove_team, rename_team, team, teams};

pub(crate) use grants::{active_with, holders_of, keep_a_keeper, name_of, of_person, people_behind};
pub(crate) use roles::{all_roles, assign_in, create_built_in};
pub(crate) use teams::all_teams;

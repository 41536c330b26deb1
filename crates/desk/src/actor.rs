//! Who acts: a person in a browser, a token acting for one, the operator at the command line, or the desk itself.
//!
//! Every operation takes an [`Actor`]. It is built at the edge (by `sign_in` from a cookie or token, by the executable for the
//! command line) and carries the rights as they stand at that moment.

use std::net::IpAddr;

use crate::{
    ids::{GuestId, GuestSessionId, PersonId, SessionId, Time, TokenId},
    rights::{EffectiveRights, TokenScope},
};

/// The caller of an operation.
#[derive(Debug, Clone)]
pub struct Actor {
    /// Who it is.
    pub principal: Principal,
    /// Where the request came from, if it came over the network.
    pub address: Option<IpAddr>,
    /// What the person may do; empty for nobody.
    pub rights: EffectiveRights,
}

/// The kinds of caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// Nobody is signed in.
    Nobody,
    /// A person in a browser.
    Person {
        /// Who.
        person: PersonId,
        /// The signed-in browser.
        session: SessionId,
        /// When a factor was last shown.
        stepped_up_at: Option<Time>,
        /// Whether the session was opened, or raised, with a second factor.
        second_factor: SecondFactor,
    },
    /// A program with an API token, acting for a person.
    Token {
        /// For whom.
        person: PersonId,
        /// The token.
        token: TokenId,
        /// What the token is limited to.
        scopes: Vec<TokenScope>,
        /// Whether the token is marked as an agent: it can draft, never approve.
        agent: bool,
    },
    /// An outside approver who gave the code that was sent to their address. They reach what they are asked about, and nothing else.
    Guest {
        /// Who.
        guest: GuestId,
        /// The browser that asked for the code.
        session: GuestSessionId,
    },
    /// Somebody with access to the server's command line and data folder.
    Operator,
    /// The desk itself: a job, a schedule.
    Desk(&'static str),
}

/// Where a session stands with regard to the workspace's demand for a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondFactor {
    /// Shown in this session.
    Shown,
    /// The workspace does not ask this person for one.
    NotAsked,
    /// The workspace asks for one and this person has none yet: only the set-up of one is open.
    Missing,
}

impl Actor {
    /// Nobody.
    pub fn nobody(address: Option<IpAddr>) -> Self {
        Self { principal: Principal::Nobody, address, rights: EffectiveRights::default() }
    }

    /// The operator at the command line.
    pub fn operator() -> Self {
        Self { principal: Principal::Operator, address: None, rights: EffectiveRights::default() }
    }

    /// The desk itself, named after the part that acts.
    pub fn desk(part: &'static str) -> Self {
        Self { principal: Principal::Desk(part), address: None, rights: EffectiveRights::default() }
    }

    /// The person acting or acted for.
    pub fn person(&self) -> Option<PersonId> {
        match self.principal {
            Principal::Person { person, .. } | Principal::Token { person, .. } => Some(person),
            Principal::Nobody | Principal::Guest { .. } | Principal::Operator | Principal::Desk(_) => None,
        }
    }

    /// The signed-in browser.
    pub fn session(&self) -> Option<SessionId> {
        match self.principal {
            Principal::Person { session, .. } => Some(session),
            _ => None,
        }
    }

    /// The token in use.
    pub fn token(&self) -> Option<TokenId> {
        match self.principal {
            Principal::Token { token, .. } => Some(token),
            _ => None,
        }
    }

    /// The outside approver.
    pub fn guest(&self) -> Option<GuestId> {
        match self.principal {
            Principal::Guest { guest, .. } => Some(guest),
            _ => None,
        }
    }

    /// The kind of caller as the audit log names it.
    pub fn kind(&self) -> &'static str {
        match self.principal {
            Principal::Nobody => "nobody",
            Principal::Person { .. } => "person",
            Principal::Token { agent: true, .. } => "agent",
            Principal::Token { .. } => "token",
            Principal::Guest { .. } => "guest",
            Principal::Operator => "operator",
            Principal::Desk(_) => "desk",
        }
    }
}

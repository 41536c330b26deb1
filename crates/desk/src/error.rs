//! What an operation answers when it does not do what was asked: refused, invalid, in conflict, or failed.
//!
//! `web` turns these into pages and problem documents, the executable into messages and exit codes. Nothing here holds a secret.

use thiserror::Error;

use crate::{db::DbError, ids::Time, rights::Operation, sealed::SealError};

/// What operations return.
pub type Result<T> = std::result::Result<T, Error>;

/// Why an operation did not happen.
#[derive(Debug, Error)]
pub enum Error {
    /// The caller may not do this.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The input does not fit; every field with a problem is named.
    #[error("{0}")]
    Invalid(Invalid),
    /// It is not there, or the caller may not know that it is.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The state of things does not allow it, or somebody else was faster.
    #[error("{0}")]
    Conflict(String),
    /// Too many attempts or requests.
    #[error("too many attempts; try again after {}", .until.rfc3339())]
    TooMany {
        /// When the next attempt is let through.
        until: Time,
    },
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
    /// A secret could not be opened.
    #[error(transparent)]
    Sealed(#[from] SealError),
    /// Something inside failed that the caller cannot change.
    #[error("{0}")]
    Internal(String),
}

/// Why a caller may not do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Nobody is signed in.
    #[error("sign in first")]
    SignInNeeded,
    /// The account is suspended.
    #[error("this account is suspended; ask an administrator")]
    Suspended,
    /// A right or level is missing.
    #[error("you do not have the right to do this ({})", .0.title())]
    RightNeeded(Operation),
    /// The workspace asks this person for a second factor and none is set up or was shown.
    #[error("set up a second factor first: your rights ask for it")]
    SecondFactorNeeded,
    /// A fresh proof of identity is needed.
    #[error("prove that it is you, then try again ({})", .0.title())]
    StepUpNeeded(Operation),
    /// Tokens, or the command line, cannot do this.
    #[error("this can only be done by a signed-in person in the browser ({})", .0.title())]
    PersonNeeded(Operation),
    /// Only the operator at the command line can do this.
    #[error("this can only be done at the command line of the server ({})", .0.title())]
    OperatorNeeded(Operation),
    /// Only an outside approver, in the browser that gave the code.
    #[error("this is for outside approvers, in the browser that gave the code ({})", .0.title())]
    GuestNeeded(Operation),
    /// Somebody stopped every agent.
    #[error("agents are stopped: somebody with the right to the stop switch has to let them go on")]
    AgentsFrozen,
    /// The API token is not made for this.
    #[error("this API token lacks the scope `{}`", .0.token_scope().map(|scope| scope.to_string()).unwrap_or_default())]
    ScopeNeeded(Operation),
}

/// One or more fields that do not fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Invalid {
    /// Field name and what is wrong with it, in the order of the form.
    pub fields: Vec<(&'static str, String)>,
}

impl Invalid {
    /// Nothing wrong yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One field with one problem.
    pub fn field(name: &'static str, problem: impl Into<String>) -> Error {
        Error::Invalid(Self { fields: vec![(name, problem.into())] })
    }

    /// Notes a problem.
    pub fn add(&mut self, name: &'static str, problem: impl Into<String>) {
        self.fields.push((name, problem.into()));
    }

    /// Ends a check: an error when anything was noted.
    pub fn check(self) -> Result<()> {
        if self.fields.is_empty() { Ok(()) } else { Err(Error::Invalid(self)) }
    }
}

impl std::fmt::Display for Invalid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, (name, problem)) in self.fields.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{name}: {problem}")?;
        }
        Ok(())
    }
}

//! A list, what it is for, and what it said before.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{PersonId, Time, WordListId},
    text_enum::text_enum,
};

text_enum! {
    /// What is written in a list.
    #[derive(Default)]
    ListKind {
        /// Words and phrases.
        #[default]
        Terms = "terms", "Words and phrases";
        /// Patterns of numbers.
        Kinds = "kinds", "Numbers of our own";
    }
}

text_enum! {
    /// What a finding of a list does.
    #[derive(Default)]
    Effect {
        /// It is shown, and workflow rules can choose by it.
        #[default]
        Flag = "flag", "Flagged";
        /// A post with it is neither submitted nor sent.
        Block = "block", "Never published";
    }
}

/// A list as somebody writes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListForm {
    /// Names it in findings and workflow rules: small letters, digits, hyphens. It does not change after the first save.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// What is written in it.
    pub kind: ListKind,
    /// What a finding does.
    pub effect: Effect,
    /// Whether it is in force.
    pub on: bool,
    /// Its lines.
    pub text: String,
}

/// A list as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WordList {
    /// Which.
    pub id: WordListId,
    /// Names it in findings and workflow rules.
    pub code: String,
    /// What is written in it.
    pub kind: ListKind,
    /// Counts its changes, from 1: whoever changes it names the one they saw, and findings name the one that made them.
    pub version: i64,
    /// What people call it.
    pub name: String,
    /// What a finding does.
    pub effect: Effect,
    /// Whether it is in force.
    pub on: bool,
    /// Its lines.
    pub text: String,
    /// Who saved this version; nothing for the desk itself.
    pub saved_by: Option<PersonId>,
    /// When.
    pub saved_at: Time,
}

impl WordList {
    /// As a form that would change nothing.
    pub fn form(&self) -> ListForm {
        ListForm {
            code: self.code.clone(),
            name: self.name.clone(),
            kind: self.kind,
            effect: self.effect,
            on: self.on,
            text: self.text.clone(),
        }
    }
}

/// What a list said once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListVersion {
    /// Which version.
    pub version: i64,
    /// What people called it.
    pub name: String,
    /// What a finding did.
    pub effect: Effect,
    /// Whether it was in force.
    pub on: bool,
    /// Its lines.
    pub text: String,
    /// Who saved it; nothing for the desk itself.
    pub saved_by: Option<PersonId>,
    /// When.
    pub saved_at: Time,
}

/// What came of saving a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saved {
    /// It is in force as this version.
    Done(i64),
    /// Somebody else saved it meanwhile: theirs, and nothing was changed.
    Conflict(Box<WordList>),
}

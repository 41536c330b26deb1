//! The lists in force, compiled: what a process looks for, and what each finding of a list means.
//!
//! Invariants: immutable once made, so everything found in one look was found by the same versions; a list that does not compile (it did
//! when it was saved, by another version of this program) is left out and named, and nothing is published meanwhile. Pure but for
//! the time it takes: compile on a thread that may wait.

use std::collections::HashMap;

use inspect::{Config, Inspector, Report};

use super::{
    model::{Effect, ListKind, WordList},
    rules,
};
use crate::error::{Error, Result};

/// The inspector's kind of everything that a list of terms finds. Findings carry it with the list's code behind a dot.
pub const TERM_KIND: &str = "LISTED_TERM";

/// How much is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Everything the inspector knows, and the lists.
    Everything,
    /// The lists alone.
    ListsOnly,
}

impl Depth {
    fn config(self) -> Config {
        match self {
            Self::Everything => Config::default(),
            Self::ListsOnly => rules::lists_only(),
        }
    }
}

/// What a finding of a list means.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    title: String,
    version: String,
    effect: Effect,
}

/// The lists in force, compiled.
#[derive(Debug)]
pub struct ListSet {
    inspector: Inspector,
    revision: i64,
    by_kind: HashMap<String, Known>,
    unusable: Vec<(String, String)>,
}

/// The kinds of finding that a list brings, each with what people call it.
pub(super) fn kinds_of(list: &WordList) -> Vec<(String, String)> {
    match list.kind {
        ListKind::Terms => vec![(format!("{TERM_KIND}.{}", list.code), list.name.clone())],
        ListKind::Kinds => {
            let kinds = rules::kinds_in(&list.text).unwrap_or_default();
            kinds.into_iter().map(|kind| (kind.id, kind.title)).collect()
        }
    }
}

impl ListSet {
    /// Compiles the lists of a revision.
    ///
    /// # Errors
    /// [`Error::Internal`] when even without any list nothing compiles: the program is broken.
    pub(crate) fn compile(lists: &[WordList], revision: i64, depth: Depth) -> Result<Self> {
        let mut unusable = Vec::new();
        let (inspector, used) = if let Ok(inspector) = together(lists, depth) {
            (inspector, lists.iter().collect())
        } else {
            let used = usable(lists, &mut unusable);
            let config = config_of(&used, depth).map_err(Error::Internal)?;
            (Inspector::compile(&config).map_err(|error| Error::Internal(error.to_string()))?, used)
        };
        let mut by_kind = HashMap::new();
        for list in used {
            for (kind, title) in kinds_of(list) {
                by_kind.insert(kind, Known { title, version: list.version.to_string(), effect: list.effect });
            }
        }
        Ok(Self { inspector, revision, by_kind, unusable })
    }

    /// What looks.
    pub(crate) fn inspector(&self) -> &Inspector {
        &self.inspector
    }

    /// The revision of the lists that it was made of.
    pub(crate) fn revision(&self) -> i64 {
        self.revision
    }

    /// Lists in force that do not compile here, with the reason.
    pub fn unusable(&self) -> &[(String, String)] {
        &self.unusable
    }

    /// The kind of a finding as the desk names it: a listed term with its list.
    pub(crate) fn kind(&self, report: &Report<'_>, found: &inspect::Finding) -> String {
        let kind = report.kind(found);
        if kind == TERM_KIND { format!("{kind}.{}", report.detector(found)) } else { kind.to_owned() }
    }

    /// The version of the rules that find a kind: the list's, or the inspector's.
    pub(crate) fn version(&self, kind: &str) -> &str {
        self.by_kind.get(kind).map_or(inspect::VERSION, |known| &known.version)
    }

    /// What people call a kind that a list brings; nothing for those of the inspector.
    pub(crate) fn title(&self, kind: &str) -> Option<&str> {
        self.by_kind.get(kind).map(|known| known.title.as_str())
    }

    /// Whether something of this kind is never published.
    pub(crate) fn blocks(&self, kind: &str) -> bool {
        self.by_kind.get(kind).is_some_and(|known| known.effect == Effect::Block)
    }

    /// Whether there is nothing that keeps any post from being published.
    pub(crate) fn blocks_nothing(&self) -> bool {
        self.unusable.is_empty() && self.by_kind.values().all(|known| known.effect != Effect::Block)
    }
}

fn config_of(lists: &[&WordList], depth: Depth) -> std::result::Result<Config, String> {
    let mut config = depth.config();
    for list in lists {
        rules::add_to(&mut config, list)?;
    }
    Ok(config)
}

/// All of them, or why not.
pub(super) fn together(lists: &[WordList], depth: Depth) -> std::result::Result<Inspector, String> {
    let config = config_of(&lists.iter().collect::<Vec<_>>(), depth)?;
    Inspector::compile(&config).map_err(|error| error.to_string())
}

/// The lists that compile, taken one after the other.
fn usable<'l>(lists: &'l [WordList], unusable: &mut Vec<(String, String)>) -> Vec<&'l WordList> {
    let mut used: Vec<&WordList> = Vec::new();
    for list in lists {
        used.push(list);
        let compiled = config_of(&used, Depth::ListsOnly)
            .and_then(|config| Inspector::compile(&config).map(drop).map_err(|error| error.to_string()));
        if let Err(why) = compiled {
            used.pop();
            unusable.push((list.name.clone(), why));
        }
    }
    used
}

#[cfg(test)]
mod tests {
    use inspect::{Message, Scratch};
    use uuid::Uuid;

    use super::{Depth, ListSet};
    use crate::{
        ids::{Time, WordListId},
        word_lists::{Effect, ListKind, WordList},
    };

    fn list(code: &str, kind: ListKind, effect: Effect, text: &str) -> WordList {
        WordList {
            id: WordListId(Uuid::nil()),
            code: code.to_owned(),
            kind,
            version: 7,
            name: code.to_uppercase(),
            effect,
            on: true,
            text: text.to_owned(),
            saved_by: None,
            saved_at: Time(0),
        }
    }

    fn found(set: &ListSet, text: &str) -> Vec<String> {
        let mut scratch = Scratch::new();
        let report = set.inspector().inspect(&Message::from_text(text), &mut scratch);
        report.findings().iter().map(|found| set.kind(&report, found)).collect()
    }

    #[test]
    fn findings_name_their_list_its_version_and_what_it_does() {
        let staff = "kind STAFF_NUMBER \"Staff number\"\n  pattern EMP-[0-9]{4}\n  found EMP-1230\n";
        let lists = [
            list("competitors", ListKind::Terms, Effect::Flag, "gale force kites"),
            list("code-names", ListKind::Terms, Effect::Block, "project lark*"),
            list("staff", ListKind::Kinds, Effect::Block, staff),
        ];
        let set = ListSet::compile(&lists, 3, Depth::ListsOnly).expect("compiles");
        assert_eq!(found(&set, "Gale Force Kites know of project larks"), ["LISTED_TERM.competitors", "LISTED_TERM.code-names"]);
        assert_eq!(found(&set, "badge EMP-1230, mail ann@example.test"), ["STAFF_NUMBER"], "lists alone find nothing else");
        assert_eq!((set.version("STAFF_NUMBER"), set.version("CREDIT_CARD")), ("7", inspect::VERSION));
        assert!(set.blocks("STAFF_NUMBER") && set.blocks("LISTED_TERM.code-names") && !set.blocks("LISTED_TERM.competitors"));
        assert_eq!((set.revision(), set.unusable().len(), set.blocks_nothing()), (3, 0, false));
    }

    #[test]
    fn a_list_that_does_not_compile_any_more_is_named_and_the_others_work() {
        let lists = [
            list("broken", ListKind::Terms, Effect::Flag, "*"),
            list("competitors", ListKind::Terms, Effect::Flag, "gale force kites"),
            list("odd", ListKind::Kinds, Effect::Flag, "kind"),
        ];
        let set = ListSet::compile(&lists, 1, Depth::Everything).expect("the rest compiles");
        assert_eq!(found(&set, "gale force kites"), ["LISTED_TERM.competitors"]);
        let named: Vec<_> = set.unusable().iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!((named, set.blocks_nothing()), (vec!["BROKEN", "ODD"], false));
    }
}

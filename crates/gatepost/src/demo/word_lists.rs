//! What the demo company looks for: its competitors, and products that nobody outside may hear of yet. All of it is invented.

use desk::{
    Actor, Desk,
    word_lists::{self, Effect, ListForm, ListKind},
};

/// The list that a workflow rule of the demo chooses by.
pub(super) const COMPETITORS: &str = "competitors";

const COMPETITORS_TEXT: &str = "# Companies that build kites as well. Whoever writes about them asks Legal first.
galewind
skylark & sons
three corners kite~
rule compares
    any better than | cheaper than | faster than
    all other kite~
";

const CODE_NAMES_TEXT: &str = "# Products that are not announced. Remove a line on the day of its launch.
level high
project heron
heron NEAR/4 prototype~
kestrel mk ii
";

/// Writes both lists.
pub(super) async fn fill(desk: &Desk, actor: &Actor) -> anyhow::Result<()> {
    let list = |code: &str, name: &str, effect: Effect, text: &str| ListForm {
        code: code.to_owned(),
        name: name.to_owned(),
        kind: ListKind::Terms,
        effect,
        on: true,
        text: text.to_owned(),
    };
    word_lists::create(desk, actor, list(COMPETITORS, "Competitors", Effect::Flag, COMPETITORS_TEXT)).await?;
    word_lists::create(desk, actor, list("code-names", "Product code names", Effect::Block, CODE_NAMES_TEXT)).await?;
    Ok(())
}

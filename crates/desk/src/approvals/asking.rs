//! What happens when it is somebody's turn: outside approvers get to see it and are written to, a step nobody can end is marked.

use super::{
    model::{Approver, Kept},
    outside,
    panel::{Places, Resolver},
    store::submissions as store,
};
use crate::{act::Act, error::Result};

/// The current step of a submission has just begun to be asked.
pub(super) async fn step_opened(act: &mut Act<'_>, kept: &Kept) -> Result<()> {
    let Some((_, step)) = kept.submission.current() else { return Ok(()) };
    for approver in &step.step.approvers {
        if let Approver::Guest(guest) = approver {
            outside::ask(act, *guest, kept.id).await?;
        }
    }
    note_stuck(act, kept).await.map(drop)
}

/// The current step's delegates are asked from now on.
pub(super) async fn delegates_asked(act: &mut Act<'_>, kept: &Kept) -> Result<()> {
    let Some((_, step)) = kept.submission.current() else { return Ok(()) };
    for delegate in &step.step.delegates {
        if let Approver::Guest(guest) = delegate {
            outside::ask(act, *guest, kept.id).await?;
        }
    }
    Ok(())
}

/// Marks a submission whose current step nobody can end, or takes the mark away. Answers what is new, if anything is.
pub(super) async fn note_stuck(act: &mut Act<'_>, kept: &Kept) -> Result<Option<bool>> {
    let now = act.now();
    let Some((_, step)) = kept.submission.current() else { return Ok(None) };
    let places = Places::of(act.tx(), &kept.targets).await?;
    let panel = Resolver::new(act.tx(), now).panel(&step.step, &places).await?;
    let stuck = kept.submission.stuck(&panel);
    let changed = store::set_stuck(act.tx(), kept.id, stuck.then_some(now)).await?;
    Ok(changed.then_some(stuck))
}

//! A post on the writing desk: everything the composer's parts are made from, gathered once.
//!
//! Invariant: what is shown is what was typed, also when it could not be saved; counts, marks and previews are of that text.

use std::collections::BTreeMap;

use desk::{
    Error, Invalid,
    ids::ProfileId,
    publishing::{self, Campaign, Draft, MediaDigest, Post, PostForm, Warning, media::MediaInfo},
};

use super::{
    checks::Checks,
    file_names::name_files,
    outlets::{self, Outlet},
    typed::{PartName, Typed},
};
use crate::{frame::Ctx, ui::conflict::Conflict};

/// Everything about the post being written.
pub(super) struct Sheet {
    /// The post as it is saved; nothing for one that is not yet.
    pub(super) post: Option<Post>,
    /// What was typed.
    pub(super) form: PostForm,
    /// The revision that the form was made from.
    pub(super) revision: Option<i64>,
    /// What does not fit.
    pub(super) mistakes: Invalid,
    /// What to know about the time.
    pub(super) time_note: Option<&'static str>,
    /// What somebody else saved meanwhile.
    pub(super) conflict: Option<Conflict>,
    /// Profiles to choose from.
    pub(super) outlets: Vec<Outlet>,
    /// Campaigns to choose from.
    pub(super) campaigns: Vec<Campaign>,
    /// What there is to say about it.
    pub(super) warnings: Vec<Warning>,
    /// What is known of its files.
    pub(super) files: BTreeMap<MediaDigest, MediaInfo>,
    /// Whether the text in uploaded pictures is read here.
    pub(super) reads_pictures: bool,
    /// Why nothing goes out at present: who paused what.
    pub(super) pauses: Vec<String>,
}

impl Sheet {
    /// Gathers what belongs to a form.
    pub(super) async fn gather(ctx: &Ctx, post: Option<Post>, typed: Typed, outlets: Vec<Outlet>) -> Result<Self, Error> {
        let campaigns = publishing::campaigns(ctx.desk(), ctx.actor()).await?;
        let saved_as = post.as_ref().map(|post| post.id);
        let mut looked_at = typed.form.clone();
        // What is not offered cannot be checked: the form says so by itself.
        looked_at.draft.targets.retain(|profile, _| outlets.iter().any(|outlet| outlet.id() == *profile));
        let warnings = if looked_at.draft.targets.is_empty() {
            Vec::new()
        } else {
            publishing::check(ctx.desk(), ctx.actor(), ctx.state.examiner()?, &looked_at, saved_as).await?
        };
        let files = known_files(ctx, &typed.form).await?;
        let pauses = super::pauses_over(ctx, &outlets, &typed.form.draft).await?;
        Ok(Self {
            revision: typed.revision.or(post.as_ref().map(|post| post.revision)),
            post,
            form: typed.form,
            mistakes: typed.mistakes,
            time_note: typed.time_note,
            conflict: None,
            outlets,
            campaigns,
            warnings,
            files,
            reads_pictures: ctx.state.text_reader.is_some(),
            pauses,
        })
    }

    /// The warnings by place.
    pub(super) fn checks(&self) -> Checks<'_> {
        Checks { warnings: &self.warnings, draft: &self.form.draft, outlets: &self.outlets }
    }

    /// The outlets of a version.
    pub(super) fn outlets_of(&self, version: Option<ProfileId>) -> Vec<&Outlet> {
        outlets::of_version(&self.form.draft, version, &self.outlets)
    }

    /// The chosen outlets.
    pub(super) fn chosen(&self) -> Vec<&Outlet> {
        outlets::of_draft(&self.form.draft, &self.outlets)
    }

    /// Every text of the form.
    pub(super) fn parts(&self) -> Vec<PartName> {
        let draft = &self.form.draft;
        let own = self.chosen().into_iter().map(|outlet| Some(outlet.id())).filter(|version| self.content(*version).is_some());
        let names = |version| {
            let parts = match version {
                None => draft.common.parts.len(),
                Some(profile) => draft.targets.get(&profile).and_then(Option::as_ref).map_or(0, |content| content.parts.len()),
            };
            (0..parts).map(move |part| PartName { version, part })
        };
        std::iter::once(None).chain(own).flat_map(names).collect()
    }

    /// A version's content: the common one, or a profile's own where it has one.
    pub(super) fn content(&self, version: Option<ProfileId>) -> Option<&publishing::Content> {
        match version {
            None => Some(&self.form.draft.common),
            Some(profile) => self.form.draft.targets.get(&profile)?.as_ref(),
        }
    }
}

/// Fills in what a form does not carry of its files: their types, and the names that they have in the saved draft or by their upload.
pub(crate) async fn complete_files(ctx: &Ctx, form: &mut PostForm, saved: Option<&Draft>) -> Result<(), Error> {
    let files = known_files(ctx, form).await?;
    let known = files.into_iter().map(|(digest, facts)| (digest, (facts.media_type, facts.file_name))).collect();
    name_files(&mut form.draft, saved, &known);
    Ok(())
}

/// What is known of the files of a form.
async fn known_files(ctx: &Ctx, form: &PostForm) -> Result<BTreeMap<MediaDigest, MediaInfo>, Error> {
    let contents = std::iter::once(&form.draft.common).chain(form.draft.targets.values().flatten());
    let digests: Vec<MediaDigest> =
        contents.flat_map(|content| &content.parts).flat_map(|part| &part.media).map(|medium| medium.digest).collect();
    let mut known = BTreeMap::new();
    for digest in digests {
        if let Ok(facts) = publishing::media::info(ctx.desk(), ctx.actor(), digest).await {
            known.insert(digest, facts);
        }
    }
    Ok(known)
}

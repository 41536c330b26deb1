//! Comments on a post: for colleagues unless somebody says otherwise.

use super::{
    access,
    post::{Comment, CommentAudience},
    store::campaigns as store,
};
use crate::{
    act::Object,
    actor::Actor,
    desk::{Desk, Topic},
    error::{Error, Invalid, Result},
    ids::{CommentId, PostId},
    rights::Operation,
};

/// Characters of a comment.
pub const COMMENT_MAX: usize = 4_000;
/// Comments that are shown of one post.
const COMMENTS_MAX: i64 = 500;

/// Comments on a post.
///
/// # Errors
/// [`Error::Invalid`] for an empty or too long text.
pub async fn comment(desk: &Desk, actor: &Actor, post: PostId, audience: CommentAudience, text: &str) -> Result<CommentId> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > COMMENT_MAX {
        return Err(Invalid::field("text", format!("between 1 and {COMMENT_MAX} characters")));
    }
    let mut act = commenting(desk, actor, post).await?;
    let (id, at): (CommentId, _) = (desk.fresh(), act.now());
    let comment = Comment { id, person: actor.person(), audience, text: text.to_owned(), at };
    store::insert_comment(act.tx(), post, &comment).await?;
    act.record(Object::new("post", post)).detail("comment", id.to_string()).detail("audience", audience.id());
    act.announce(Topic::Posts);
    act.commit().await?;
    Ok(id)
}

/// Takes an own comment away.
pub async fn remove_comment(desk: &Desk, actor: &Actor, post: PostId, id: CommentId) -> Result<()> {
    let mut act = commenting(desk, actor, post).await?;
    let now = act.now();
    if !store::remove_comment(act.tx(), post, id, actor.person(), now).await? {
        return Err(Error::NotFound("comment of yours"));
    }
    act.record(Object::new("post", post)).detail("comment_removed", id.to_string());
    act.announce(Topic::Posts);
    act.commit().await
}

/// The comments of a post, oldest first.
pub async fn comments(desk: &Desk, actor: &Actor, post: PostId) -> Result<Vec<Comment>> {
    let mut reader = desk.db().read().await?;
    access::readable(desk, actor, &mut reader, post).await?;
    store::comments(&mut reader, post, COMMENTS_MAX).await
}

/// An act of somebody who may read some of the post's profiles.
async fn commenting<'d>(desk: &'d Desk, actor: &'d Actor, post: PostId) -> Result<crate::act::Act<'d>> {
    let mut reader = desk.db().read().await?;
    let seen = access::readable(desk, actor, &mut reader, post).await?;
    let mut known = Vec::new();
    for profile in seen {
        known.push(crate::profiles::exists(&mut reader, profile).await?);
    }
    drop(reader);
    access::act_on(desk, actor, Operation::PostComment, &known).await
}

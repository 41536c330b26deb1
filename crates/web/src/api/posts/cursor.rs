//! Where a page of posts ended, as the one before gave it out.

use std::borrow::Cow;

use desk::ids::PostId;
use serde::{Deserialize, Deserializer, de::Error as _};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

/// Digits of the moment in a cursor: enough for any that is allowed.
const DIGITS_MAX: usize = 15;

/// Where a page of posts ended: the moment it is ordered by, and the post.
#[derive(Debug)]
pub(crate) struct PostsCursor(pub(super) String);

impl PartialSchema for PostsCursor {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(r"^[0-9]{1,15}\.[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"))
            .description(Some("The `next` of the page before. Take it as it is."))
            .into()
    }
}

impl ToSchema for PostsCursor {
    fn name() -> Cow<'static, str> {
        "PostsCursor".into()
    }
}

impl<'de> Deserialize<'de> for PostsCursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let fits = text.split_once('.').is_some_and(|(at, id)| {
            let is_moment = (1..=DIGITS_MAX).contains(&at.len()) && at.bytes().all(|byte| byte.is_ascii_digit());
            is_moment && id.len() == 36 && id.parse::<PostId>().is_ok()
        });
        if fits { Ok(Self(text)) } else { Err(D::Error::custom("not a cursor that a page gave out")) }
    }
}

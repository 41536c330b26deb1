//! What comes in: JSON bodies, queries, ids in paths, and texts with their limits.
//!
//! Invariant: a type's schema and its reading say the same, so that the OpenAPI document never promises what is refused and
//! nothing is accepted that it rules out. What cannot be read answers 400, what does not fit the schema 422 with field names.

use std::{borrow::Cow, str::FromStr};

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Request, rejection::QueryRejection},
};
use http::{HeaderMap, StatusCode, header, request::Parts};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned, de::Error as _};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, SchemaFormat, Type},
};
use uuid::Uuid;

use crate::problem::{FieldProblem, Problem};

/// The last millisecond of the year 9999: what every calendar and JSON reader can still show.
pub(crate) const MOMENT_MAX_MS: i64 = 253_402_300_799_999;

/// A JSON body that fits `T`.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "content-type",
                "JSON needed",
                "send the body as `Content-Type: application/json`",
            ));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|_| too_large())?;
        read_json(&bytes).map(Self)
    }
}

/// A body above the limit.
pub(crate) fn too_large() -> Problem {
    larger_than(crate::state::BODY_MAX)
}

/// A body above a limit of its own.
pub(crate) fn larger_than(bytes_max: usize) -> Problem {
    let detail = format!("a body may have at most {bytes_max} bytes here");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Body too large", detail)
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = serde_path_to_error::deserialize(&mut reader);
    match read {
        Ok(value) => reader.end().map(|()| value).map_err(|error| not_json(&error)),
        Err(error) if error.inner().is_data() => {
            let path = error.path().to_string();
            let said = error.into_inner().to_string();
            // Where in the text it stood helps nobody who sent it from a program.
            let said = said.rsplit_once(" at line ").map_or(said.as_str(), |(said, _)| said);
            Err(misfit(&field_of(&path, said), said))
        }
        Err(error) => Err(not_json(error.inner())),
    }
}

fn not_json(error: &serde_json::Error) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "json", "Not JSON", format!("the body could not be read as JSON: {error}"))
}

/// The field that an error is about. A missing or unknown field stands in the words, not in the path.
fn field_of(path: &str, said: &str) -> String {
    let named = ["missing field `", "unknown field `"].iter().find_map(|start| said.strip_prefix(start)?.split('`').next());
    match (path, named) {
        ("." | "?", Some(name)) => name.to_owned(),
        (path, Some(name)) if path != name && !path.ends_with(&format!(".{name}")) => format!("{path}.{name}"),
        ("." | "?", None) => "body".to_owned(),
        (path, _) => path.to_owned(),
    }
}

/// A field that does not fit the schema.
pub(crate) fn misfit(field: &str, said: &str) -> Problem {
    let mut problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Input does not fit", format!("{field}: {said}"));
    problem.errors = vec![FieldProblem { field: field.to_owned(), problem: said.to_owned() }];
    problem
}

/// The query of the address, fitting `T`.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        axum::extract::Query::<T>::try_from_uri(&parts.uri).map(|query| Self(query.0)).map_err(|rejection| match rejection {
            QueryRejection::FailedToDeserializeQueryString(error) => {
                let said = source_of(&error);
                let (field, said) = said.split_once(": ").unwrap_or(("query", &said));
                // A field that is missing is missing in the query as a whole, and has no path of its own.
                let path = if field == "query" || field.contains(' ') { "." } else { field };
                misfit(&field_of(path, said), said)
            }
            other => misfit("query", &other.body_text()),
        })
    }
}

fn source_of(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

/// The id in a path. What is not an id leads nowhere, like an id that nothing has.
pub(crate) struct PathId<T>(pub(crate) T);

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for PathId<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await.map_err(|_| nowhere())?;
        text.parse().map(Self).map_err(|_| nowhere())
    }
}

/// Two ids in a path.
pub(crate) struct PathIds<A, B>(pub(crate) A, pub(crate) B);

impl<S: Send + Sync, A: FromStr, B: FromStr> FromRequestParts<S> for PathIds<A, B> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path((a, b)) = Path::<(String, String)>::from_request_parts(parts, state).await.map_err(|_| nowhere())?;
        Ok(Self(a.parse().map_err(|_| nowhere())?, b.parse().map_err(|_| nowhere())?))
    }
}

/// A digest in a path.
pub(crate) struct PathDigest(pub(crate) [u8; 32]);

impl<S: Send + Sync> FromRequestParts<S> for PathDigest {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await.map_err(|_| nowhere())?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.as_bytes(), &mut bytes).map_err(|_| nowhere())?;
        Ok(Self(bytes))
    }
}

fn nowhere() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not-found", "Not found", "there is nothing with this id; ids are UUIDs in text form")
}

/// Declares a type by its schema.
macro_rules! schema_of {
    ($name:ident $(<const $max:ident>)?, $label:expr, $schema:expr) => {
        impl $(<const $max: usize>)? PartialSchema for $name $(<$max>)? {
            fn schema() -> RefOr<Schema> {
                $schema.into()
            }
        }

        impl $(<const $max: usize>)? ToSchema for $name $(<$max>)? {
            fn name() -> Cow<'static, str> {
                $label.into()
            }
        }
    };
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// A UUID in text form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Id(pub(crate) Uuid);

schema_of!(
    Id,
    "Id",
    text().format(Some(SchemaFormat::Custom("uuid".to_owned()))).description(Some("A UUID in text form, with hyphens."))
);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        // Only the form with hyphens: the one that comes out.
        let id = (text.len() == 36).then(|| Uuid::try_parse(&text).ok()).flatten();
        id.map(Self).ok_or_else(|| D::Error::custom("not a UUID in text form, with hyphens"))
    }
}

/// A SHA-256 digest in lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digest(pub(crate) [u8; 32]);

schema_of!(Digest, "Digest", text().pattern(Some("^[0-9a-f]{64}$")).description(Some("A SHA-256 digest in hexadecimal digits.")));

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let mut bytes = [0; 32];
        let fits =
            !text.contains(|sign: char| sign.is_ascii_uppercase()) && hex::decode_to_slice(text.as_bytes(), &mut bytes).is_ok();
        if fits { Ok(Self(bytes)) } else { Err(D::Error::custom("not 64 hexadecimal digits in lower case")) }
    }
}

/// A moment in Unix milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment(pub(crate) i64);

schema_of!(
    Moment,
    "Moment",
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(0))
        .maximum(Some(MOMENT_MAX_MS))
        .description(Some("A moment in milliseconds since 1970-01-01T00:00:00Z."))
);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_i64(WholeMs).map(Self)
    }
}

/// The revision of something that several people may change: the one that was seen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Revision(pub(crate) i64);

schema_of!(
    Revision,
    "Revision",
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(0))
        .maximum(Some(MOMENT_MAX_MS))
        .description(Some("The revision that was seen; when it is another by now, the answer is a conflict."))
);

impl<'de> Deserialize<'de> for Revision {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_i64(WholeMs).map(Self)
    }
}

/// Reads a count, also when it is written as `7.0`; what it may be at most, the desk says.
pub(crate) fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let number = deserializer.deserialize_i64(WholeMs)?;
    u32::try_from(number).map_err(|_| D::Error::custom("too large"))
}

/// Reads a whole number, also when it is written as `352.0`: JSON Schema calls that an integer too.
struct WholeMs;

impl serde::de::Visitor<'_> for WholeMs {
    type Value = i64;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a whole number between 0 and {MOMENT_MAX_MS}")
    }

    fn visit_i64<E: serde::de::Error>(self, ms: i64) -> Result<i64, E> {
        if (0..=MOMENT_MAX_MS).contains(&ms) { Ok(ms) } else { Err(E::custom(format!("not between 0 and {MOMENT_MAX_MS}"))) }
    }

    fn visit_u64<E: serde::de::Error>(self, ms: u64) -> Result<i64, E> {
        self.visit_i64(i64::try_from(ms).unwrap_or(i64::MAX))
    }

    #[expect(clippy::cast_possible_truncation, reason = "casting saturates, and what is not whole was refused before")]
    fn visit_f64<E: serde::de::Error>(self, ms: f64) -> Result<i64, E> {
        if ms.fract() == 0.0 { self.visit_i64(ms as i64) } else { Err(E::invalid_type(serde::de::Unexpected::Float(ms), &self)) }
    }
}

impl From<Moment> for desk::Time {
    fn from(moment: Moment) -> Self {
        Self(moment.0)
    }
}

/// One line of text: something in it, no blank at either end, no control characters, at most `MAX` characters.
#[derive(Debug, Clone)]
pub(crate) struct Line<const MAX: usize>(pub(crate) String);

schema_of!(
    Line<const MAX>,
    format!("Line{MAX}"),
    text()
        .min_length(Some(1))
        .max_length(Some(MAX))
        .pattern(Some(r"^[^\s\x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f])?$"))
        .description(Some("One line of text, without blanks at its ends."))
);

impl<'de, const MAX: usize> Deserialize<'de> for Line<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() {
            return Err(D::Error::custom("must not be empty"));
        }
        if text.chars().count() > MAX {
            return Err(D::Error::custom(format!("at most {MAX} characters")));
        }
        if text.trim().len() != text.len() || text.chars().any(char::is_control) {
            return Err(D::Error::custom("one line without blanks at its ends and without control characters"));
        }
        Ok(Self(text))
    }
}

/// A text of at most `MAX` characters that may be empty and may have lines.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(transparent)]
pub(crate) struct Note<const MAX: usize>(pub(crate) String);

schema_of!(
    Note<const MAX>,
    format!("Note{MAX}"),
    text().max_length(Some(MAX)).pattern(Some(r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")).description(Some("A text, possibly of several lines."))
);

impl<'de, const MAX: usize> Deserialize<'de> for Note<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.chars().count() > MAX {
            return Err(D::Error::custom(format!("at most {MAX} characters")));
        }
        if text.chars().any(|c| c.is_ascii_control() && !matches!(c, '\t' | '\n' | '\r')) {
            return Err(D::Error::custom("no control characters but tabs and line breaks"));
        }
        Ok(Self(text))
    }
}

/// An e-mail address by its shape.
#[derive(Debug, Clone)]
pub(crate) struct Email(pub(crate) String);

schema_of!(
    Email,
    "Email",
    text()
        .min_length(Some(3))
        .max_length(Some(desk::people::EMAIL_MAX))
        .pattern(Some(
            r#"^[^\s\x00-\x1f\x7f-\x9f<>,;"\\@]{1,64}@[^\s\x00-\x1f\x7f-\x9f<>,;"\\@.]+(\.[^\s\x00-\x1f\x7f-\x9f<>,;"\\@.]+)*$"#
        ))
        .description(Some("An e-mail address; at most 254 characters, 64 of them before the @."))
);

impl<'de> Deserialize<'de> for Email {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"<>,;\"\\@".contains(c);
        let fits = text.chars().count() <= desk::people::EMAIL_MAX
            && text.split_once('@').is_some_and(|(local, domain)| {
                !local.is_empty()
                    && local.chars().count() <= 64
                    && local.chars().all(plain)
                    && domain.split('.').all(|label| !label.is_empty() && label.chars().all(plain))
            });
        if fits { Ok(Self(text)) } else { Err(D::Error::custom("not an e-mail address, for example ann@example.test")) }
    }
}

/// Makes a list of names of the desk's part of the schema.
macro_rules! named {
    ($($(#[$doc:meta])* $name:ident of $of:ty;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub(crate) struct $name(pub(crate) $of);

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::Type::String)
                    .enum_values(Some(<$of>::ALL.iter().map(|value| value.id())))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
        }
    )*};
}
pub(crate) use named;

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::{Email, Id, Line, Moment, read_json};

    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Thing {
        name: Line<5>,
        #[serde(default)]
        inner: Option<Inner>,
    }

    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Inner {
        at: Moment,
    }

    fn problem(body: &str) -> (u16, String) {
        let problem = read_json::<Thing>(body.as_bytes()).expect_err("does not fit");
        (problem.status, problem.errors.first().map(|error| error.field.clone()).unwrap_or_default())
    }

    #[test]
    fn a_misfit_names_its_field() {
        assert_eq!(problem("{"), (400, String::new()));
        assert_eq!(problem(r#"{"name":"a"} x"#), (400, String::new()));
        assert_eq!(problem("[]"), (422, "body".to_owned()));
        assert_eq!(problem("{}"), (422, "name".to_owned()));
        assert_eq!(problem(r#"{"name":1}"#), (422, "name".to_owned()));
        assert_eq!(problem(r#"{"name":"a","other":1}"#), (422, "other".to_owned()));
        assert_eq!(problem(r#"{"name":"a","inner":{"at":-1}}"#), (422, "inner.at".to_owned()));
        assert_eq!(problem(r#"{"name":"a","inner":{}}"#), (422, "inner.at".to_owned()));
    }

    #[test]
    fn a_line_is_trimmed_and_counted_in_characters() {
        for good in ["\"a\"", "\"a b\"", "\"\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\""] {
            assert!(serde_json::from_str::<Line<5>>(good).is_ok(), "{good}");
        }
        for bad in ["\"\"", "\" a\"", "\"a \"", "\"abcdef\"", "\"a\\nb\"", "3", "null"] {
            assert!(serde_json::from_str::<Line<5>>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_moment_is_a_whole_number_however_it_is_written() {
        let read = |text| serde_json::from_str::<Moment>(text).map(|moment| moment.0).ok();
        assert_eq!([read("352"), read("352.0"), read("3.52e2"), read("0")], [Some(352), Some(352), Some(352), Some(0)]);
        assert_eq!([read("352.5"), read("-1"), read("1e300"), read("253402300800000"), read("\"352\"")], [None; 5]);
    }

    #[test]
    fn ids_and_addresses_have_one_form() {
        assert!(serde_json::from_str::<Id>("\"01960000-0000-7000-8000-000000000000\"").is_ok());
        assert!(serde_json::from_str::<Id>("\"01960000000070008000000000000000\"").is_err());
        assert!(serde_json::from_str::<Email>("\"ann@example.test\"").is_ok());
        assert!(serde_json::from_str::<Email>("\"ann@a..b\"").is_err());
    }
}

//! Slack's error codes in the house's five classes.
//!
//! Slack answers 200 with `ok: false` and a word; the words are those of the "Errors" tables of the methods that we call. A word
//! that is not here is [`Class::Bug`]: somebody has to look.

use std::time::Duration;

use crate::error::{Class, NetworkError};

/// What an answer says went wrong.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Refusal {
    pub error: Option<String>,
    /// The scopes that would be needed, with `missing_scope`.
    pub needed: Option<String>,
}

/// The class of an error word.
pub(crate) fn class(code: &str) -> Class {
    match code {
        "ratelimited"
        | "rate_limited"
        | "message_limit_exceeded"
        | "internal_error"
        | "fatal_error"
        | "service_unavailable"
        | "request_timeout"
        | "team_added_to_org"
        | "accesslimited"
        | "fatal" => Class::RetryLater,
        "token_expired" => Class::Expired,
        "invalid_auth"
        | "not_authed"
        | "token_revoked"
        | "account_inactive"
        | "missing_scope"
        | "no_permission"
        | "team_access_not_granted"
        | "ekm_access_denied"
        | "org_login_required"
        | "access_denied"
        | "two_factor_setup_required"
        | "invalid_refresh_token"
        | "invalid_client_id"
        | "bad_client_secret"
        | "invalid_code"
        | "code_already_used"
        | "bad_redirect_uri"
        | "oauth_authorization_url_mismatch"
        | "not_allowed_token_type"
        | "invalid_team_for_non_distributed_app" => Class::Reauthorise,
        "channel_not_found" | "message_not_found" | "thread_not_found" | "file_not_found" | "file_deleted" | "user_not_found"
        | "users_not_found" | "team_not_found" | "no_item_specified" => Class::Gone,
        "not_in_channel"
        | "is_archived"
        | "msg_too_long"
        | "no_text"
        | "restricted_action"
        | "restricted_action_read_only_channel"
        | "restricted_action_thread_only_channel"
        | "restricted_action_non_threadable_channel"
        | "restricted_action_thread_locked"
        | "cant_update_message"
        | "cant_delete_message"
        | "edit_window_closed"
        | "compliance_exports_prevent_deletion"
        | "msg_blocks_too_long"
        | "too_many_attachments"
        | "invalid_blocks"
        | "duplicate_channel_not_found"
        | "cant_post_message"
        | "messages_tab_disabled"
        | "as_user_not_supported"
        | "file_upload_size_restricted"
        | "file_uploads_disabled"
        | "file_uploads_except_images_disabled"
        | "storage_limit_reached"
        | "blocked_file_type"
        | "malware_detected"
        | "markdown_text_conflict"
        | "block_mismatch"
        | "duplicate_message_not_found"
        | "posting_to_channel_denied"
        | "cannot_reply_to_message"
        | "slack_connect_file_upload_sharing_blocked"
        | "invalid_channel"
        | "metadata_too_large" => Class::RefusedContent,
        _ => Class::Bug,
    }
}

/// The error of a refusal, with what to do.
pub(crate) fn error(method: &str, refusal: &Refusal) -> NetworkError {
    // A word of the network's own; anything else it says stays out of logs.
    let code: String =
        refusal.error.as_deref().unwrap_or("no reason given").chars().filter(|c| !c.is_control()).take(60).collect();
    let class = class(&code);
    let advice = match (code.as_str(), refusal.needed.as_deref()) {
        ("missing_scope", Some(needed)) => {
            let needed: String =
                needed.chars().filter(|c| c.is_ascii_alphanumeric() || ":.,|_-".contains(*c)).take(300).collect();
            format!("; the app lacks the scope {needed}: add it at Slack, then connect again")
        }
        ("not_in_channel", _) => "; invite the app to the channel".to_owned(),
        ("is_archived", _) => "; the channel is archived".to_owned(),
        ("msg_too_long", _) => "; shorten the text".to_owned(),
        _ if class == Class::Reauthorise => "; connect the profile again".to_owned(),
        _ => String::new(),
    };
    let error = NetworkError::new(class, format!("{method}: {code}{advice}"));
    match code.as_str() {
        // Said in the body instead of by status 429: a minute is the longest of Slack's windows.
        "ratelimited" | "rate_limited" | "message_limit_exceeded" => error.after(Duration::from_mins(1)),
        "internal_error" | "fatal_error" | "service_unavailable" | "request_timeout" | "fatal" => error.effect_unknown(),
        _ => error,
    }
}

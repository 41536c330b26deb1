//! OAuth against the real authorisation server.

//! Passwords that stand as arguments in a command: `curl -u ann:…`, `mysql -p…`, `docker login -p …`.
//!
//! Invariant: reads at most [`LINE_MAX`] bytes of the line behind the program's name. Options that spell out "password" are
//! left to [`super::announced`].

use super::{announced, plausible, push};
use crate::detect::Context;

/// A longer command is a script.
const LINE_MAX: usize = 160;

/// How a program takes a password.
struct Program {
    name: &'static str,
    options: &'static [&'static str],
    form: Form,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// The next argument, or the rest of this one.
    Any,
    /// The rest of this argument: alone the option asks for the password.
    Attached,
    /// `user:password` in the next argument.
    AfterUser,
}

const PROGRAMS: &[Program] = &[
    Program { name: "curl", options: &["-u", "--user", "--proxy-user"], form: Form::AfterUser },
    Program { name: "docker login", options: &["-p"], form: Form::Any },
    Program { name: "podman login", options: &["-p"], form: Form::Any },
    Program { name: "sshpass", options: &["-p"], form: Form::Any },
    Program { name: "redis cli", options: &["-a"], form: Form::Any },
    Program { name: "ldapsearch", options: &["-w"], form: Form::Any },
    Program { name: "sqlcmd", options: &["-P"], form: Form::Any },
    Program { name: "mysql", options: &["-p"], form: Form::Attached },
    Program { name: "mysqldump", options: &["-p"], form: Form::Attached },
    Program { name: "mariadb", options: &["-p"], form: Form::Attached },
];

/// The programs' names.
pub(crate) fn programs() -> impl Iterator<Item = &'static str> {
    PROGRAMS.iter().map(|program| program.name)
}

/// Reports the password among the arguments behind a program's name that ends at `end`.
pub(crate) fn value(context: &mut Context<'_>, name: &str, end: usize) {
    let Some(program) = PROGRAMS.iter().find(|program| program.name == name) else { return };
    let rest = &context.bytes[end..context.bytes.len().min(end + LINE_MAX)];
    let line = &rest[..rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len())];
    context.steps += line.len() as u64;
    let Some((from, to)) = argument(line, program) else { return };
    let value = &line[from..to];
    let (start, stop) = (end + from, end + to);
    let fits = announced::is_like_password(value) && !plausible::is_placeholder(value);
    if fits && context.text.is_char_boundary(start) && context.text.is_char_boundary(stop) {
        push(context, "password-in-command", start..stop, "a password in a command", 0.8);
    }
}

/// Where the password stands in the line.
fn argument(line: &[u8], program: &Program) -> Option<(usize, usize)> {
    let mut at = 0;
    let mut expected = false;
    while at < line.len() {
        let length = line[at..].iter().take_while(|b| !b.is_ascii_whitespace()).count();
        if length == 0 {
            at += 1;
            continue;
        }
        let word = &line[at..at + length];
        if expected {
            let (from, to) = unquoted(line, at, at + length);
            let user = if program.form == Form::AfterUser { line[from..to].iter().position(|b| *b == b':')? + 1 } else { 0 };
            return Some((from + user, to));
        }
        for option in program.options {
            let Some(attached) = word.strip_prefix(option.as_bytes()) else { continue };
            if !attached.is_empty() && program.form != Form::AfterUser && !option.starts_with("--") {
                return Some(unquoted(line, at + option.len(), at + length));
            }
            expected |= attached.is_empty() && program.form != Form::Attached;
        }
        at += length;
    }
    None
}

fn unquoted(line: &[u8], from: usize, to: usize) -> (usize, usize) {
    let quotes = |byte: &u8| matches!(byte, b'"' | b'\'' | b'`');
    let first = from + line[from..to].iter().take_while(|b| quotes(b)).count();
    let last = to - line[first..to].iter().rev().take_while(|b| quotes(b)).count();
    (first, last)
}

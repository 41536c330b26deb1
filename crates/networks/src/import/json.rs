//! JSON arrays, one element at a time: of a stream in constant memory, and of a slice without copying.
//!
//! Each element is handed out as its exact bytes; whether it is sound JSON is for whoever parses it. A [`ArrayReader`] finds the
//! elements of an array that is the whole text or the value of one key of the outermost object (`value`, `orderedItems`). An
//! element over the limit is skipped without being held. Nothing here recurses.

use std::io::{self, Read};

use super::text_file::Buffered;

/// What was found in an array.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Element<'a> {
    /// The exact bytes of an element.
    Bytes(&'a [u8]),
    /// An element that is larger than allowed; it was skipped.
    TooLong,
}

/// The elements of an array in a stream.
pub(super) struct ArrayReader<R> {
    buffer: Buffered<R>,
    element_bytes_max: usize,
    state: State,
    key: Option<&'static str>,
    /// Whether the array is a value of an object, behind which more may stand.
    in_object: bool,
    /// How many elements were handed out.
    count: u64,
    handed: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    First,
    Later,
    Done,
}

impl<R: Read> ArrayReader<R> {
    /// Over a stream that is an array, or an object whose `key` is one. `storage` is a buffer to use again.
    pub(super) fn new(source: R, key: Option<&'static str>, element_bytes_max: u64, storage: Vec<u8>) -> Self {
        Self {
            buffer: Buffered::new(source, storage),
            element_bytes_max: usize::try_from(element_bytes_max).unwrap_or(usize::MAX / 2),
            state: State::Start,
            key,
            in_object: false,
            count: 0,
            handed: 0,
        }
    }

    /// How many elements were handed out: the number of the last, from 1.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The buffer, for the next stream.
    pub(super) fn into_storage(self) -> Vec<u8> {
        self.buffer.into_storage()
    }

    /// The next element; nothing at the end of the array.
    ///
    /// # Errors
    /// When the stream cannot be read, ends within the array or is not JSON there. Nothing can be read after that.
    pub(super) fn next(&mut self) -> io::Result<Option<Element<'_>>> {
        match self.advance() {
            Ok(Some(true)) => Ok(Some(Element::Bytes(&self.buffer.held()[..self.handed]))),
            Ok(Some(false)) => Ok(Some(Element::TooLong)),
            Ok(None) => {
                self.state = State::Done;
                Ok(None)
            }
            Err(error) => {
                self.state = State::Done;
                Err(error)
            }
        }
    }

    /// Moves to the next element: whether it is held, or too long.
    fn advance(&mut self) -> io::Result<Option<bool>> {
        if self.state == State::Done {
            return Ok(None);
        }
        self.buffer.consume(std::mem::take(&mut self.handed));
        if self.state == State::Start {
            self.buffer.skip_mark()?;
            self.open()?;
            self.state = State::First;
        }
        match (self.peek()?, self.state) {
            (b']', _) => return self.close().map(|()| None),
            (_, State::First) => {}
            (b',', _) => {
                self.buffer.consume(1);
                self.peek()?;
            }
            _ => return Err(broken("a comma or the end of the list is missing")),
        }
        self.state = State::Later;
        self.count += 1;
        let (bytes, fits) = self.value(self.element_bytes_max)?;
        if fits {
            self.handed = bytes;
        }
        Ok(Some(fits))
    }

    /// Reads what stands behind the array to the end of the stream: only then does an archive tell whether it was whole.
    fn close(&mut self) -> io::Result<()> {
        self.buffer.consume(1);
        loop {
            let held = self.buffer.held();
            if !self.in_object && held.iter().any(|byte| !byte.is_ascii_whitespace()) {
                return Err(broken("something stands behind the list"));
            }
            let held = held.len();
            self.buffer.consume(held);
            if !self.buffer.fill()? {
                return Ok(());
            }
        }
    }

    /// Goes to the inside of the array.
    fn open(&mut self) -> io::Result<()> {
        match (self.peek()?, self.key) {
            (b'[', _) => {
                self.buffer.consume(1);
                return Ok(());
            }
            (b'{', Some(_)) => {
                self.in_object = true;
                self.buffer.consume(1);
            }
            _ => return Err(broken("a list was expected")),
        }
        let key = self.key.expect("matched above");
        loop {
            match self.peek()? {
                b'}' => {
                    return Err(io::Error::other(format!(
                        "it holds no list `{key}`: it is another kind of file, or an answer that failed"
                    )));
                }
                b',' => self.buffer.consume(1),
                b'"' => {
                    let (bytes, fits) = self.value(KEY_BYTES_MAX)?;
                    let named = fits && self.buffer.held()[1..bytes - 1] == *key.as_bytes();
                    self.buffer.consume(if fits { bytes } else { 0 });
                    if self.peek()? != b':' {
                        return Err(broken("a colon is missing"));
                    }
                    self.buffer.consume(1);
                    if self.peek()? == b'[' && named {
                        self.buffer.consume(1);
                        return Ok(());
                    }
                    let (bytes, fits) = self.value(SKIPPED_HELD_BYTES)?;
                    self.buffer.consume(if fits { bytes } else { 0 });
                }
                _ => return Err(broken("a name in quotes was expected")),
            }
        }
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> io::Result<u8> {
        loop {
            let held = self.buffer.held();
            if let Some(found) = held.iter().position(|byte| !byte.is_ascii_whitespace()) {
                let byte = held[found];
                self.buffer.consume(found);
                return Ok(byte);
            }
            let held = held.len();
            self.buffer.consume(held);
            if !self.buffer.fill()? {
                return Err(broken("it ends too early: the file was cut off"));
            }
        }
    }

    /// Finds the end of the value that begins here. Answers with its length and whether it is held; if not it was skipped.
    fn value(&mut self, bytes_max: usize) -> io::Result<(usize, bool)> {
        let mut scan = Scan::default();
        let mut at = 0;
        let mut fits = true;
        loop {
            let held = self.buffer.held();
            if let Some(end) = scan.feed(&held[at..]) {
                let end = at + end;
                if end == 0 {
                    return Err(broken("a value is missing"));
                }
                if !fits || end > bytes_max {
                    self.buffer.consume(end);
                    return Ok((0, false));
                }
                return Ok((end, true));
            }
            at = held.len();
            if at > bytes_max {
                fits = false;
                self.buffer.consume(at);
                at = 0;
            }
            if !self.buffer.fill()? {
                return Err(broken("it ends within a value: the file was cut off"));
            }
        }
    }
}

/// The longest name of a key that is looked at.
const KEY_BYTES_MAX: usize = 1024;

/// How much of a value that is skipped is held before it is dropped.
const SKIPPED_HELD_BYTES: usize = 64 * 1024;

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("it is not JSON: {what}"))
}

/// Finds where a value ends, over any number of pieces.
#[derive(Debug, Default)]
struct Scan {
    depth: u32,
    in_text: bool,
    escaped: bool,
    scalar: bool,
}

impl Scan {
    /// Looks at the next piece: where the value ends in it, or nothing yet.
    fn feed(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            if self.escaped {
                self.escaped = false;
                at += 1;
            } else if self.in_text {
                let found = memchr::memchr2(b'"', b'\\', &bytes[at..])?;
                at += found + 1;
                if bytes[at - 1] == b'\\' {
                    self.escaped = true;
                } else {
                    self.in_text = false;
                    if self.depth == 0 {
                        return Some(at);
                    }
                }
            } else {
                let byte = bytes[at];
                if self.scalar {
                    if matches!(byte, b',' | b']' | b'}' | b':') || byte.is_ascii_whitespace() {
                        return Some(at);
                    }
                    at += 1;
                    continue;
                }
                match byte {
                    b'"' => self.in_text = true,
                    b'{' | b'[' => self.depth += 1,
                    b'}' | b']' | b',' | b':' if self.depth == 0 => return Some(at),
                    b'}' | b']' => {
                        self.depth -= 1;
                        if self.depth == 0 {
                            return Some(at + 1);
                        }
                    }
                    _ if self.depth == 0 => self.scalar = true,
                    _ => {}
                }
                at += 1;
            }
        }
        None
    }
}

/// The exact bytes of a key's value in an object.
pub(super) fn member<'a>(object: &'a [u8], key: &str) -> Option<&'a [u8]> {
    let mut rest = object.trim_ascii_start().strip_prefix(b"{")?;
    loop {
        rest = rest.trim_ascii_start();
        let end = Scan::default().feed(rest)?;
        let name = rest[..end].strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        rest = rest[end..].trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
        let end = Scan::default().feed(rest)?;
        if name == key.as_bytes() {
            return Some(&rest[..end]);
        }
        rest = rest[end..].trim_ascii_start().strip_prefix(b",")?;
    }
}

/// The exact bytes of each element of an array.
pub(super) fn elements(array: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = array.trim_ascii_start().strip_prefix(b"[").unwrap_or_default();
    std::iter::from_fn(move || {
        rest = rest.trim_ascii_start();
        let end = Scan::default().feed(rest).filter(|&end| end > 0)?;
        let element = &rest[..end];
        rest = rest[end..].trim_ascii_start().strip_prefix(b",").unwrap_or_default();
        Some(element)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::any_json::any_json;

    fn read(bytes: &[u8], key: Option<&'static str>, most: u64) -> (Vec<Option<Vec<u8>>>, bool) {
        let mut reader = ArrayReader::new(OneByOne(bytes), key, most, Vec::new());
        let mut found = Vec::new();
        loop {
            match reader.next() {
                Ok(Some(Element::Bytes(bytes))) => found.push(Some(bytes.to_vec())),
                Ok(Some(Element::TooLong)) => found.push(None),
                Ok(None) => return (found, true),
                Err(_) => return (found, false),
            }
        }
    }

    /// A stream that gives little at once, so that every state is met at a border.
    struct OneByOne<'a>(&'a [u8]);

    impl Read for OneByOne<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = buffer.len().min(if self.0.len() > 1000 { 10_000 } else { 3 });
            self.0.read(&mut buffer[..most])
        }
    }

    #[test]
    fn each_element_is_handed_out_as_it_stands() {
        let text = br#" [ {"a": "x]\"}\\"} ,[1, 2],"s", 12 , null ] "#;
        let want: Vec<_> = [&br#"{"a": "x]\"}\\"}"#[..], b"[1, 2]", br#""s""#, b"12", b"null"].map(|e| Some(e.to_vec())).into();
        assert_eq!(read(text, None, 100), (want.clone(), true));
        let wrapped = [br#"{"before":[{"value":1}],"n":null,"value":"#, &text[..], br#","after":3}"#].concat();
        assert_eq!(read(&wrapped, Some("value"), 100), (want, true));
        assert_eq!(read(b"[]", None, 100), (vec![], true));
        assert_eq!(read(br#"{"other":1}"#, Some("value"), 100), (vec![], false), "nothing was looked for in vain unnoticed");
    }

    #[test]
    fn an_element_over_the_limit_is_skipped_and_the_next_is_read() {
        let text = format!("[\"{}\", 1]", "x".repeat(200_000));
        assert_eq!(read(text.as_bytes(), None, 50), (vec![None, Some(b"1".to_vec())], true));
    }

    #[test]
    fn what_is_cut_off_or_not_json_is_an_error_after_what_was_sound() {
        assert!(!read(b"[1, 2", None, 50).1);
        assert_eq!(read(b"[1 2]", None, 50), (vec![Some(b"1".to_vec())], false));
        assert_eq!(read(b"[{}, {\"a", None, 50), (vec![Some(b"{}".to_vec())], false));
        assert_eq!(read(b"hello", None, 50), (vec![], false));
        assert_eq!(read(b"", None, 50), (vec![], false));
        assert_eq!(read(b"[,]", None, 50), (vec![], false));
        assert_eq!(read(b"[1] 2", None, 50), (vec![Some(b"1".to_vec())], false));
        assert_eq!(read(b"[1] \n", None, 50), (vec![Some(b"1".to_vec())], true));
    }

    #[test]
    fn a_slice_is_cut_without_copying() {
        let object = br#" { "a" : [ 1 , {"b":2} ] , "c" : "d" } "#;
        assert_eq!(member(object, "c"), Some(&b"\"d\""[..]));
        let list: Vec<_> = elements(member(object, "a").unwrap()).collect();
        assert_eq!(list, [&b"1"[..], b"{\"b\":2}"]);
        assert_eq!(member(object, "z"), None);
    }

    proptest! {
        #[test]
        fn any_array_gives_back_its_elements(values in prop::collection::vec(any_json(&[], &[]), 0..8)) {
            let text = serde_json::to_vec(&values).unwrap();
            let want: Vec<_> = values.iter().map(|value| Some(serde_json::to_vec(value).unwrap())).collect();
            prop_assert_eq!(read(&text, None, 1 << 20), (want, true));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(prop::sample::select(b"[]{}\",:\\ a1\n".to_vec()), 0..64)) {
            read(&bytes, Some("a"), 16);
            read(&bytes, None, 16);
            let _ = member(&bytes, "a");
            elements(&bytes).count();
        }
    }
}

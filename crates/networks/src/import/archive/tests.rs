//! Archives as honest programs write them, and as somebody who means harm does.

use std::io::{Cursor, Read, Write};

use ::zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::{
    testing::{tar_gz, tar_header},
    *,
};

fn open(bytes: &[u8]) -> Result<Archive, ImportError> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    Archive::open(file.path(), Limits::default())
}

fn zip(files: &[(&str, &[u8])], options: SimpleFileOptions) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn contents(archive: &Archive) -> Vec<(String, Result<Vec<u8>, String>)> {
    let read = |id| {
        let mut bytes = Vec::new();
        archive.read(id).and_then(|mut reader| reader.read_to_end(&mut bytes)).map(|_| bytes).map_err(|error| error.to_string())
    };
    archive.entries().map(|(id, name)| (name.to_owned(), read(id))).collect()
}

#[test]
fn every_method_of_packing_that_exports_use_is_read() {
    let text = b"hello hello hello hello ".repeat(1000);
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated, CompressionMethod::Zstd] {
        for large in [false, true] {
            let options = SimpleFileOptions::default().compression_method(method).large_file(large);
            let archive = open(&zip(&[("b/x.json", &text), ("a.json", b"[]"), ("empty", b"")], options)).unwrap();
            let want = [("a.json", &b"[]"[..]), ("b/x.json", &text), ("empty", b"")];
            let want: Vec<_> = want.iter().map(|(name, bytes)| ((*name).to_owned(), Ok(bytes.to_vec()))).collect();
            assert_eq!(contents(&archive), want, "{method:?} {large}");
            assert_eq!(archive.find("b/x.json").map(|id| archive.name(id)), Some("b/x.json"));
            assert_eq!(archive.find("b/y.json"), None);
        }
    }
}

#[test]
fn a_gzipped_tar_is_read_with_long_names() {
    let archive = open(&tar_gz(&[("./outbox.json", b"{}"), ("media/a.png", &[7; 700])])).unwrap();
    let want = vec![("media/a.png".to_owned(), Ok(vec![7; 700])), ("outbox.json".to_owned(), Ok(b"{}".to_vec()))];
    assert_eq!(contents(&archive), want);
    let long = "d/".repeat(100) + "x";
    let gnu = [
        &tar_header("././@LongLink", long.len() + 1, b'L')[..],
        &padded(&[long.as_bytes(), b"\0"].concat()),
        &tar_header("cut", 2, b'0'),
        &padded(b"ab"),
    ]
    .concat();
    assert_eq!(contents(&open(&gnu).unwrap()), vec![(long.clone(), Ok(b"ab".to_vec()))]);
    let record = format!("{} path={long}\n", long.len() + 10);
    let pax = [
        &tar_header("PaxHeader", record.len(), b'x')[..],
        &padded(record.as_bytes()),
        &tar_header("cut", 2, b'0'),
        &padded(b"ab"),
    ]
    .concat();
    assert_eq!(contents(&open(&pax).unwrap()), vec![(long, Ok(b"ab".to_vec()))]);
}

fn padded(bytes: &[u8]) -> Vec<u8> {
    let mut padded = bytes.to_vec();
    padded.resize(bytes.len().next_multiple_of(512), 0);
    padded
}

#[test]
fn names_that_lead_out_are_refused_and_the_rest_is_read() {
    let files: &[(&str, &[u8])] = &[("../../etc/passwd", b"x"), ("/abs", b"x"), ("ok", b"x")];
    for bytes in [zip(files, SimpleFileOptions::default()), tar_gz(files)] {
        let mut archive = open(&bytes).unwrap();
        assert_eq!(contents(&archive), vec![("ok".to_owned(), Ok(b"x".to_vec()))]);
        let refused = archive.take_refused();
        assert_eq!(refused.len(), 2, "{refused:?}");
    }
}

#[test]
fn links_are_refused() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.add_symlink("link", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    let mut archive = open(&writer.finish().unwrap().into_inner()).unwrap();
    assert_eq!((archive.entries().count(), archive.take_refused().len()), (0, 1));
    let tar = [&tar_header("link", 0, b'2')[..], &[0; 1024]].concat();
    let mut archive = open(&tar).unwrap();
    assert_eq!((archive.entries().count(), archive.take_refused().len()), (0, 1));
}

#[test]
fn a_bomb_ends_with_an_error_and_bounded_work() {
    let zeros = vec![0; 17 * 1024 * 1024];
    let bytes = zip(&[("bomb", &zeros)], SimpleFileOptions::default().compression_method(CompressionMethod::Zstd));
    let archive = open(&bytes).unwrap();
    let read = contents(&archive).remove(0).1.unwrap_err();
    assert!(read.contains("unpacks to more than 200 times"), "{read}");
    assert!(archive.check_budget().is_err());
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&zeros).unwrap();
    assert!(matches!(open(&encoder.finish().unwrap()), Err(ImportError::Limit(_))));
}

#[test]
fn overlapping_entries_are_refused() {
    // Two directory records that point at the same data, as in the archives that unpack to petabytes.
    let one = zip(&[("aaaa", &[5; 3000])], SimpleFileOptions::default().compression_method(CompressionMethod::Stored));
    let directory = one.windows(4).position(|at| at == b"PK\x01\x02").unwrap();
    let end = one.windows(4).position(|at| at == b"PK\x05\x06").unwrap();
    let record = one[directory..end].to_vec();
    let mut second = record.clone();
    second[46..50].copy_from_slice(b"bbbb");
    let mut tail = one[end..].to_vec();
    tail[8..12].copy_from_slice(&[2, 0, 2, 0]);
    tail[12..16].copy_from_slice(&u32::try_from(record.len() * 2).unwrap().to_le_bytes());
    let bytes = [&one[..directory], &record, &second, &tail].concat();
    let mut archive = open(&bytes).unwrap();
    assert_eq!(archive.entries().count(), 1);
    assert!(archive.take_refused()[0].reason.contains("overlaps"));
}

#[test]
fn a_second_file_of_one_name_is_refused() {
    let mut bytes = zip(&[("a1", b"first"), ("a2", b"second")], SimpleFileOptions::default());
    let at: Vec<_> = bytes.windows(2).enumerate().filter(|(_, two)| *two == b"a2").map(|(at, _)| at + 1).collect();
    for at in at {
        bytes[at] = b'1';
    }
    let mut archive = open(&bytes).unwrap();
    assert_eq!(contents(&archive), vec![("a1".to_owned(), Ok(b"first".to_vec()))]);
    assert!(archive.take_refused()[0].reason.contains("second file"));
}

#[test]
fn an_encrypted_archive_is_refused_with_what_to_do() {
    let mut bytes = zip(&[("a", b"x")], SimpleFileOptions::default());
    let directory = bytes.windows(4).position(|at| at == b"PK\x01\x02").unwrap();
    bytes[directory + 8] |= 1;
    let error = open(&bytes).err().unwrap();
    assert!(error.to_string().contains("unpack it with its password"), "{error}");
}

#[test]
fn damage_is_noticed() {
    let bytes = zip(&[("a", &[9; 5000])], SimpleFileOptions::default().compression_method(CompressionMethod::Stored));
    let mut flipped = bytes.clone();
    flipped[1000] ^= 1;
    let archive = open(&flipped).unwrap();
    assert!(contents(&archive)[0].1.as_ref().unwrap_err().contains("checksum"));
    for cut in [1, 10, 50, 2000] {
        let error = open(&bytes[..bytes.len() - cut]).err().unwrap();
        assert!(error.to_string().contains("cut off"), "{cut}: {error}");
    }
    assert!(open(b"hello").is_err());
    assert!(open(b"").is_err());
}

#[test]
fn whatever_is_flipped_cut_or_spliced_nothing_panics_and_the_same_bytes_read_the_same() {
    let text = b"[{\"a\":1},{\"b\":\"some text\"}] ".repeat(40);
    let files: &[(&str, &[u8])] = &[("a/1.json", &text), ("a/2.json", b"[]"), ("users.json", &text)];
    let deflate64 = {
        // Deflate64 reads every deflate stream that uses no length of 258; change the method of a stored-like stream to meet the decoder.
        let mut bytes = zip(files, SimpleFileOptions::default());
        for at in 0..bytes.len() - 4 {
            let offset = if bytes[at..].starts_with(b"PK\x01\x02") { 10 } else { 8 };
            if bytes[at..].starts_with(b"PK\x01\x02") || bytes[at..].starts_with(b"PK\x03\x04") {
                bytes[at + offset] = 9;
            }
        }
        bytes
    };
    let samples = [
        zip(files, SimpleFileOptions::default()),
        zip(files, SimpleFileOptions::default().compression_method(CompressionMethod::Zstd).large_file(true)),
        deflate64,
        tar_gz(files),
    ];
    for (number, sample) in samples.iter().enumerate() {
        crate::import::fuzz::damage(sample, 400, number as u64, |bytes| {
            let read = |bytes: &[u8]| open(bytes).ok().map(|mut archive| (contents(&archive), archive.take_refused()));
            assert_eq!(read(bytes), read(bytes));
        });
    }
}

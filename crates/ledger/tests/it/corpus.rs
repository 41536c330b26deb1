//! Runs the fuzz corpus, and simple damage to each of its files, through the checks of the fuzz targets.

#[path = "../../fuzz/src/lib.rs"]
mod checks;

use checks::TARGETS;
use std::path::Path;

/// Files past this length are run whole and cut, but not bit by bit: time.
const BITWISE_BYTES_MAX: usize = 2500;

#[test]
fn the_corpus_and_simple_damage_to_it_break_no_parser() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (name, check) in TARGETS {
        let mut files: Vec<_> = std::fs::read_dir(corpus.join(name))
            .unwrap_or_else(|error| panic!("no corpus for {name}: {error}"))
            .map(|file| file.expect("readable").path())
            .collect();
        files.sort();
        assert!(files.len() >= 3, "the corpus of {name} has {} files", files.len());
        for file in files {
            let data = std::fs::read(&file).expect("readable");
            check(&data);
            damage(&data, check);
        }
    }
}

/// Cuts, flips, a doubled middle: what a disk or a clumsy hand does.
fn damage(data: &[u8], check: fn(&[u8])) {
    let stride = data.len() / 500 + 1;
    for end in (0..data.len()).step_by(stride) {
        check(&data[..end]);
    }
    check(&[data, data].concat());
    if data.len() > BITWISE_BYTES_MAX {
        return;
    }
    let mut bytes = data.to_vec();
    for position in (0..data.len()).step_by(stride) {
        for flip in [0x01, 0x80, 0xff] {
            bytes[position] ^= flip;
            check(&bytes);
            bytes[position] = data[position];
        }
    }
}

//! A CAR file (version 1): blocks one after the other, each with its CID.
//!
//! <https://ipld.io/specs/transport/car/carv1/>. The file is read through once to learn where each block lies; a block is checked
//! against its CID whenever it is read. Blocks may lie in any order.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, BufReader, Read},
    os::unix::fs::FileExt,
    path::Path,
};

use serde_json::Value;

use super::{cid::Cid, dag_cbor};
use crate::import::{ImportError, Meter};

/// The most blocks: four million records and their tree, 60 bytes each in memory.
const BLOCKS_MAX: usize = 5_000_000;

/// The largest block: repositories hold blocks of at most 1 MB (records) and small tree nodes.
const BLOCK_BYTES_MAX: u64 = 2 * 1024 * 1024;

/// An open file.
pub(super) struct Car {
    file: File,
    blocks: HashMap<Cid, (u64, u32)>,
    /// The block that is the top of all.
    pub(super) root: Cid,
    meter: Meter,
}

impl Car {
    /// Learns where the blocks lie.
    pub(super) fn open(path: &Path, meter: Meter) -> Result<Self, ImportError> {
        let read = |error| ImportError::Read { name: path.display().to_string(), error };
        let file = File::open(path).map_err(read)?;
        let mut source = Source { inner: BufReader::with_capacity(256 * 1024, &file), at: 0 };
        let header_bytes = source.varint().map_err(read)?.filter(|&bytes| (1..=1024).contains(&bytes));
        let Some(header_bytes) = header_bytes else {
            return Err(form("its header is missing: give the repository as it was downloaded"));
        };
        let mut header = vec![0; usize::try_from(header_bytes).expect("at most 1024")];
        source.fill(&mut header).map_err(|_| form("it is cut off in its header: download it again"))?;
        let header = dag_cbor::whole(&header).map_err(|_| form("its header is not DAG-CBOR"))?;
        if header.get("version").and_then(Value::as_u64) != Some(1) {
            return Err(form("its version is not 1"));
        }
        let root = header.get("roots").and_then(|roots| roots.get(0)).and_then(link).ok_or_else(|| form("it names no root"))?;
        let mut blocks = HashMap::new();
        while let Some(bytes) = source.varint().map_err(read)? {
            let mut cid = [0; 36];
            if bytes < cid.len() as u64 || bytes > BLOCK_BYTES_MAX {
                return Err(form("a block has an impossible size; the file is damaged: download it again"));
            }
            source.fill(&mut cid).map_err(|_| cut_off())?;
            let (cid, _) = Cid::read(&cid).ok_or_else(|| form("a block is named by another kind of digest than SHA-256"))?;
            let data_bytes = bytes - 36;
            blocks.insert(cid, (source.at, u32::try_from(data_bytes).expect("at most 2 MiB")));
            if blocks.len() > BLOCKS_MAX {
                return Err(ImportError::Limit(format!("the repository holds more than {BLOCKS_MAX} blocks")));
            }
            source.skip(data_bytes).map_err(|_| cut_off())?;
        }
        meter.all(source.at);
        drop(source);
        Ok(Self { file, blocks, root, meter })
    }

    /// A block's bytes, checked.
    pub(super) fn block(&self, cid: Cid) -> Result<Vec<u8>, String> {
        let &(at, bytes) = self.blocks.get(&cid).ok_or("it is not in the file: download the whole repository")?;
        let mut block = vec![0; bytes as usize];
        self.file.read_exact_at(&mut block, at).map_err(|error| format!("it cannot be read: {error}"))?;
        self.meter.add(u64::from(bytes) + 37);
        if !cid.names(&block) {
            return Err(
                "its bytes are not those that its CID names; the file is damaged or was altered: download it again".to_owned()
            );
        }
        Ok(block)
    }

    /// A block's value, checked.
    pub(super) fn value(&self, cid: Cid) -> Result<Value, String> {
        dag_cbor::whole(&self.block(cid)?).map_err(|_| "it is not sound DAG-CBOR".to_owned())
    }
}

/// A link in a decoded value.
pub(super) fn link(value: &Value) -> Option<Cid> {
    value.get("$link").and_then(Value::as_str).and_then(Cid::parse)
}

fn form(found: &str) -> ImportError {
    ImportError::Form { expected: "a Bluesky repository (CAR, version 1)", found: found.to_owned() }
}

fn cut_off() -> ImportError {
    form("it ends within a block: download it again")
}

struct Source<'a> {
    inner: BufReader<&'a File>,
    at: u64,
}

impl Source<'_> {
    /// An unsigned LEB128 number; nothing at the end of the file.
    fn varint(&mut self) -> io::Result<Option<u64>> {
        let mut value = 0_u64;
        for shift in (0..63).step_by(7) {
            let mut byte = [0];
            if self.inner.read(&mut byte)? == 0 {
                return if shift == 0 { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
            self.at += 1;
            value |= u64::from(byte[0] & 0x7f) << shift;
            if byte[0] & 0x80 == 0 {
                return Ok(Some(value));
            }
        }
        Err(io::Error::new(io::ErrorKind::InvalidData, "a length in it is not a number; the file is damaged: download it again"))
    }

    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        self.inner.read_exact(buffer)?;
        self.at += buffer.len() as u64;
        Ok(())
    }

    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        let skipped = io::copy(&mut (&mut self.inner).take(bytes), &mut io::sink())?;
        self.at += skipped;
        if skipped == bytes { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

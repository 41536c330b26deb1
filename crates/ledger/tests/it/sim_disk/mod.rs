//! A disk in memory that fails and loses power on command.
//!
//! Invariant: it keeps apart what the program wrote and what would survive a power cut. Bytes are safe only after a sync of their
//! file, names only after a sync of their folder; of the rest a cut keeps a random part, in sectors, so that torn writes happen.
//! After a failed sync the unsynced bytes are as uncertain as after a cut. Everything random comes from one seed.

mod contents;
mod file;
mod names;
mod tests;

use ledger::io::{Disk, DiskFile, Open};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use self::contents::Inode;
use self::file::SimFile;
use self::names::{NameChange, Names};

/// A small generator (SplitMix64); quality enough to choose faults, and the same on every machine.
#[derive(Debug, Clone)]
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `limit`, which is not zero.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    pub fn coin(&mut self) -> bool {
        self.next() & 1 == 1
    }
}

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The medium cannot be read or written.
    Eio,
    /// The disk is full.
    Enospc,
    /// Fewer bytes than asked for are read or written; not an error.
    Short,
    /// A signal came; the call is to be made again.
    Interrupted,
    /// Power is cut before the call happens.
    PowerCut,
}

impl Fault {
    pub const ALL: [Self; 5] = [Self::Eio, Self::Enospc, Self::Short, Self::Interrupted, Self::PowerCut];
}

/// The calls that can fail, as counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    Open,
    CreateDir,
    SyncDir,
    Rename,
    Remove,
    List,
    Exists,
    FreeBytes,
    Read,
    Write,
    Sync,
    Len,
    SetLen,
    Lock,
}

/// Which call fails, and how.
#[derive(Debug, Clone, Copy)]
struct Plan {
    number: u64,
    fault: Fault,
    /// Whether `number` counts only calls that are no reading, which are few among many.
    acts_only: bool,
}

#[derive(Debug, Default)]
struct State {
    inodes: BTreeMap<u64, Inode>,
    names: Names,
    durable_names: Names,
    pending_names: Vec<NameChange>,
    locks: BTreeMap<u64, u64>,
    handles: u64,
    total_calls: u64,
    /// Calls that are no reading.
    total_acts: u64,
    plan: Option<Plan>,
    struck: Option<(Call, Fault)>,
    off: bool,
    read_only: bool,
    capacity: Option<u64>,
    random: Option<Random>,
}

/// The disk. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub struct SimDisk(Arc<Mutex<State>>);

impl SimDisk {
    pub fn new(seed: u64) -> Self {
        let disk = Self::default();
        disk.state().random = Some(Random(seed));
        disk.create_dir_all(Path::new("/")).expect("nothing is planned yet");
        disk
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Makes the `number`-th call from now on (counted from zero) fail.
    pub fn fail_at(&self, number: u64, fault: Fault) {
        let mut state = self.state();
        state.plan = Some(Plan { number: state.total_calls + number, fault, acts_only: false });
        state.struck = None;
    }

    /// The same, counting only calls that are no reading.
    pub fn fail_at_act(&self, number: u64, fault: Fault) {
        let mut state = self.state();
        state.plan = Some(Plan { number: state.total_acts + number, fault, acts_only: true });
        state.struck = None;
    }

    pub fn total_acts(&self) -> u64 {
        self.state().total_acts
    }

    /// The call that the planned fault hit, when it did.
    pub fn struck(&self) -> Option<(Call, Fault)> {
        self.state().struck
    }

    pub fn total_calls(&self) -> u64 {
        self.state().total_calls
    }

    /// Every write, rename and removal fails with `EROFS`.
    pub fn set_read_only(&self, read_only: bool) {
        self.state().read_only = read_only;
    }

    /// Growth past this many bytes fails with `ENOSPC`.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.state().capacity = bytes;
    }

    pub fn used(&self) -> u64 {
        self.state().used()
    }

    /// The disk as another process finds it after the writer was killed: all that was written, no locks.
    pub fn after_kill(&self) -> Self {
        let state = self.state();
        let copy = Self::default();
        {
            let mut other = copy.state();
            other.inodes.clone_from(&state.inodes);
            other.names.clone_from(&state.names);
            other.durable_names.clone_from(&state.durable_names);
            other.pending_names.clone_from(&state.pending_names);
            other.random.clone_from(&state.random);
        }
        copy
    }

    /// The disk as it comes up after a power cut: what was synced, and a random part of what was not.
    pub fn after_power_cut(&self, seed: u64) -> Self {
        let state = self.state();
        let mut random = Random(seed);
        let mut names = state.durable_names.clone();
        // A journal keeps the order of name changes: some of them, from the first on.
        let kept = random.below(state.pending_names.len() as u64 + 1);
        for change in state.pending_names.iter().take(usize::try_from(kept).expect("small")) {
            change.clone().apply(&mut names);
        }
        names.prune();
        let inodes = state.inodes.iter().map(|(number, inode)| (*number, inode.after_cut(&mut random))).collect();
        let copy = Self::default();
        {
            let mut other = copy.state();
            other.inodes = inodes;
            other.durable_names.clone_from(&names);
            other.names = names;
            other.random = Some(random);
        }
        copy
    }

    /// Every file with its content.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let state = self.state();
        state.names.files.iter().map(|(path, inode)| (path.clone(), state.inodes[inode].current.to_vec())).collect()
    }

    /// Changes one byte behind the program's back, durably.
    pub fn flip(&self, path: &Path, position: usize, mask: u8) {
        let mut state = self.state();
        let number = state.names.files[path];
        let inode = state.inodes.get_mut(&number).expect("a named file");
        inode.sync();
        let mut byte = [0];
        inode.current.read(position, &mut byte);
        inode.current.write(position, &[byte[0] ^ mask]);
        inode.durable = inode.current.clone();
    }
}

const EINTR: i32 = 4;
const EIO: i32 = 5;
const ENOSPC: i32 = 28;
const EROFS: i32 = 30;

fn error(code: i32) -> io::Error {
    io::Error::from_raw_os_error(code)
}

/// What a call is to do.
enum Go {
    On,
    Shortened,
}

impl State {
    fn used(&self) -> u64 {
        self.names.files.values().map(|inode| self.inodes[inode].current.len as u64).sum()
    }

    fn enter(&mut self, call: Call) -> io::Result<Go> {
        if self.off {
            return Err(error(EIO));
        }
        let is_act = !matches!(call, Call::Read | Call::Len | Call::List | Call::Exists | Call::FreeBytes);
        let (number, act) = (self.total_calls, self.total_acts);
        self.total_calls += 1;
        self.total_acts += u64::from(is_act);
        let changes = matches!(call, Call::CreateDir | Call::Rename | Call::Remove | Call::Write | Call::SetLen);
        if self.read_only && changes {
            return Err(error(EROFS));
        }
        let Some(Plan { number: planned, fault, acts_only }) = self.plan else { return Ok(Go::On) };
        if planned != if acts_only { act } else { number } || (acts_only && !is_act) {
            return Ok(Go::On);
        }
        let is_transfer = matches!(call, Call::Read | Call::Write);
        let fault = match fault {
            // A call that cannot fail this way fails as the medium does.
            Fault::Short | Fault::Interrupted if !is_transfer => Fault::Eio,
            Fault::Enospc if !changes && call != Call::Open => Fault::Eio,
            other => other,
        };
        self.struck = Some((call, fault));
        match fault {
            Fault::Eio => Err(error(EIO)),
            Fault::Enospc => Err(error(ENOSPC)),
            Fault::Interrupted => Err(error(EINTR)),
            Fault::Short => Ok(Go::Shortened),
            Fault::PowerCut => {
                self.off = true;
                Err(error(EIO))
            }
        }
    }

    fn settle_names_of(&mut self, folder: &Path) {
        let (synced, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.pending_names).into_iter().partition(|change| change.folder() == Some(folder));
        for change in synced {
            change.apply(&mut self.durable_names);
        }
        self.pending_names = rest;
    }
}

impl Disk for SimDisk {
    fn open(&self, path: &Path, how: Open) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state();
        state.enter(Call::Open)?;
        let known = state.names.files.get(path).copied();
        let inode = match (known, how) {
            (Some(_), Open::Create) => return Err(io::ErrorKind::AlreadyExists.into()),
            (None, Open::Read) => return Err(io::ErrorKind::NotFound.into()),
            (Some(inode), _) => inode,
            (None, Open::Write | Open::Create) => {
                if state.read_only {
                    return Err(error(EROFS));
                }
                let inode = state.inodes.len() as u64;
                state.inodes.insert(inode, Inode::default());
                state.names.files.insert(path.to_owned(), inode);
                state.pending_names.push(NameChange::Link(path.to_owned(), inode));
                inode
            }
        };
        state.handles += 1;
        let handle = state.handles;
        Ok(Box::new(SimFile { disk: self.clone(), inode, handle }))
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.enter(Call::CreateDir)?;
        let mut missing: Vec<PathBuf> =
            path.ancestors().filter(|folder| !state.names.folders.contains(*folder)).map(Path::to_owned).collect();
        missing.reverse();
        for folder in missing {
            let change = NameChange::Folder(folder);
            change.clone().apply(&mut state.names);
            // The root of a file system is always there.
            if change.folder().is_some() {
                state.pending_names.push(change);
            } else {
                change.apply(&mut state.durable_names);
            }
        }
        Ok(())
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.enter(Call::SyncDir)?;
        state.settle_names_of(path);
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.enter(Call::Rename)?;
        if !state.names.files.contains_key(from) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let change = NameChange::Rename(from.to_owned(), to.to_owned());
        change.clone().apply(&mut state.names);
        state.pending_names.push(change);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.enter(Call::Remove)?;
        if state.names.files.remove(path).is_none() {
            return Err(io::ErrorKind::NotFound.into());
        }
        state.pending_names.push(NameChange::Unlink(path.to_owned()));
        Ok(())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let mut state = self.state();
        state.enter(Call::List)?;
        let children: BTreeSet<String> = state
            .names
            .files
            .keys()
            .chain(&state.names.folders)
            .filter_map(|known| known.strip_prefix(path).ok()?.components().next())
            .map(|first| first.as_os_str().to_string_lossy().into_owned())
            .collect();
        Ok(children.into_iter().collect())
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        let mut state = self.state();
        state.enter(Call::Exists)?;
        Ok(state.names.files.contains_key(path) || state.names.folders.contains(path))
    }

    fn free_bytes(&self, _path: &Path) -> io::Result<u64> {
        let mut state = self.state();
        state.enter(Call::FreeBytes)?;
        Ok(state.capacity.map_or(1 << 40, |capacity| capacity.saturating_sub(state.used())))
    }
}

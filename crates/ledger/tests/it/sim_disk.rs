//! A disk in memory that fails and loses power on command.
//!
//! Invariant: it keeps apart what the program wrote and what would survive a power cut. Bytes are safe only after a sync of their
//! file, names only after a sync of their folder; of the rest a cut keeps a random part, in sectors, so that torn writes happen.
//! After a failed sync the unsynced bytes are as uncertain as after a cut. Everything random comes from one seed.

use ledger::io::{Disk, DiskFile, Open};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

/// What a disk writes at once: within a sector a write happens or does not.
const SECTOR: usize = 512;
/// What copies of a disk share.
const PAGE: usize = 4096;

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

/// Bytes in shared pages, so that a copy of a disk costs next to nothing. A page that was never written is zero.
#[derive(Debug, Default, Clone)]
struct Bytes {
    len: usize,
    pages: Vec<Option<Arc<[u8; PAGE]>>>,
}

impl Bytes {
    fn resize(&mut self, len: usize) {
        if len < self.len && !len.is_multiple_of(PAGE) {
            let zeroes = vec![0; (PAGE - len % PAGE).min(self.len - len)];
            self.write(len, &zeroes);
        }
        self.pages.resize(len.div_ceil(PAGE), None);
        self.len = len;
    }

    fn write(&mut self, offset: usize, data: &[u8]) {
        if self.len < offset + data.len() {
            self.resize(offset + data.len());
        }
        let mut done = 0;
        while done < data.len() {
            let (page, start) = ((offset + done) / PAGE, (offset + done) % PAGE);
            let length = (PAGE - start).min(data.len() - done);
            let part = &data[done..done + length];
            let slot = &mut self.pages[page];
            if slot.is_some() || part.iter().any(|byte| *byte != 0) {
                let bytes = slot.get_or_insert_with(|| Arc::new([0; PAGE]));
                Arc::make_mut(bytes)[start..start + length].copy_from_slice(part);
            }
            done += length;
        }
    }

    fn read(&self, offset: usize, out: &mut [u8]) {
        let mut done = 0;
        while done < out.len() {
            let (page, start) = ((offset + done) / PAGE, (offset + done) % PAGE);
            let length = (PAGE - start).min(out.len() - done);
            match &self.pages[page] {
                Some(bytes) => {
                    out[done..done + length].copy_from_slice(&bytes[start..start + length]);
                }
                None => out[done..done + length].fill(0),
            }
            done += length;
        }
    }

    fn to_vec(&self) -> Vec<u8> {
        let mut out = vec![0; self.len];
        self.read(0, &mut out);
        out
    }
}

#[derive(Debug, Default, Clone)]
struct Inode {
    current: Bytes,
    durable: Bytes,
    /// Changes since the last sync, oldest first.
    pending: Vec<Change>,
}

#[derive(Debug, Clone)]
enum Change {
    Write { offset: usize, data: Vec<u8> },
    Length(usize),
}

#[derive(Debug, Clone)]
enum NameChange {
    Link(PathBuf, u64),
    Unlink(PathBuf),
    Rename(PathBuf, PathBuf),
    Folder(PathBuf),
}

/// Names of files and folders.
#[derive(Debug, Clone, Default)]
struct Names {
    files: BTreeMap<PathBuf, u64>,
    folders: BTreeSet<PathBuf>,
}

impl Names {
    /// Drops what lies in folders that are not there.
    fn prune(&mut self) {
        let whole = |path: &Path, folders: &BTreeSet<PathBuf>| path.ancestors().skip(1).all(|folder| folders.contains(folder));
        let folders = self.folders.clone();
        self.folders.retain(|folder| whole(folder, &folders));
        let folders = self.folders.clone();
        self.files.retain(|file, _| whole(file, &folders));
    }
}

impl NameChange {
    fn folder(&self) -> Option<&Path> {
        match self {
            Self::Link(path, _) | Self::Unlink(path) | Self::Rename(_, path) | Self::Folder(path) => path.parent(),
        }
    }

    fn apply(self, names: &mut Names) {
        match self {
            Self::Link(path, inode) => {
                names.files.insert(path, inode);
            }
            Self::Unlink(path) => {
                names.files.remove(&path);
            }
            Self::Rename(from, to) => {
                if let Some(inode) = names.files.remove(&from) {
                    names.files.insert(to, inode);
                }
            }
            Self::Folder(path) => {
                names.folders.insert(path);
            }
        }
    }
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

impl Inode {
    fn apply(bytes: &mut Bytes, change: &Change) {
        match change {
            Change::Write { offset, data } => bytes.write(*offset, data),
            Change::Length(length) => bytes.resize(*length),
        }
    }

    /// Synced bytes, and of each later change a random choice of its sectors.
    fn after_cut(&self, random: &mut Random) -> Self {
        let mut bytes = self.durable.clone();
        for change in &self.pending {
            match change {
                Change::Length(_) => {
                    if random.coin() {
                        Self::apply(&mut bytes, change);
                    }
                }
                Change::Write { offset, data } => {
                    let mut start = 0;
                    while start < data.len() {
                        let sector_end = ((offset + start) / SECTOR + 1) * SECTOR - offset;
                        let end = data.len().min(sector_end);
                        if random.coin() {
                            let part = Change::Write { offset: offset + start, data: data[start..end].to_vec() };
                            Self::apply(&mut bytes, &part);
                        }
                        start = end;
                    }
                }
            }
        }
        Self { current: bytes.clone(), durable: bytes, pending: Vec::new() }
    }

    fn sync(&mut self) {
        for change in std::mem::take(&mut self.pending) {
            Self::apply(&mut self.durable, &change);
        }
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

struct SimFile {
    disk: SimDisk,
    inode: u64,
    handle: u64,
}

impl SimFile {
    fn change(&self, call: Call, grows_to: usize, make: impl FnOnce(&Go) -> (Change, usize)) -> io::Result<usize> {
        let mut state = self.disk.state();
        let go = state.enter(call)?;
        let capacity = state.capacity;
        let used = if capacity.is_some() { state.used() } else { 0 };
        let inode = state.inodes.get_mut(&self.inode).expect("open files stay");
        let growth = grows_to.saturating_sub(inode.current.len) as u64;
        if growth > 0 && capacity.is_some_and(|capacity| used + growth > capacity) {
            return Err(error(ENOSPC));
        }
        let (change, done) = make(&go);
        Inode::apply(&mut inode.current, &change);
        inode.pending.push(change);
        Ok(done)
    }
}

impl DiskFile for SimFile {
    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut state = self.disk.state();
        let go = state.enter(Call::Read)?;
        let bytes = &state.inodes[&self.inode].current;
        let start = usize::try_from(offset).expect("small files").min(bytes.len);
        let mut length = out.len().min(bytes.len - start);
        if matches!(go, Go::Shortened) && length > 1 {
            length /= 2;
        }
        bytes.read(start, &mut out[..length]);
        Ok(length)
    }

    fn write_at(&self, data: &[u8], offset: u64) -> io::Result<usize> {
        let offset = usize::try_from(offset).expect("small files");
        self.change(Call::Write, offset + data.len(), |go| {
            let length = if matches!(go, Go::Shortened) && data.len() > 1 { data.len() / 2 } else { data.len() };
            (Change::Write { offset, data: data[..length].to_vec() }, length)
        })
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        let entered = state.enter(Call::Sync).map(drop);
        let mut random = state.random.take().unwrap_or(Random(0));
        let inode = state.inodes.get_mut(&self.inode).expect("open files stay");
        if entered.is_ok() {
            inode.sync();
        } else if !inode.pending.is_empty() {
            // The kernel may have written a part and marks the rest clean: a later sync will not save it.
            inode.durable = inode.after_cut(&mut random).durable;
            inode.pending.clear();
        }
        state.random = Some(random);
        entered
    }

    fn len(&self) -> io::Result<u64> {
        let mut state = self.disk.state();
        state.enter(Call::Len)?;
        Ok(state.inodes[&self.inode].current.len as u64)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let length = usize::try_from(len).expect("small files");
        self.change(Call::SetLen, length, |_| (Change::Length(length), 0)).map(drop)
    }

    fn try_lock(&self) -> io::Result<bool> {
        let mut state = self.disk.state();
        state.enter(Call::Lock)?;
        let handle = self.handle;
        Ok(*state.locks.entry(self.inode).or_insert(handle) == handle)
    }
}

impl Drop for SimFile {
    fn drop(&mut self) {
        let mut state = self.disk.state();
        if state.locks.get(&self.inode) == Some(&self.handle) {
            state.locks.remove(&self.inode);
        }
    }
}

mod tests {
    use super::*;
    use ledger::io::{read_file, write_file};

    fn with_folder() -> SimDisk {
        let disk = SimDisk::new(1);
        disk.create_dir_all(Path::new("/d")).expect("made");
        disk.sync_dir(Path::new("/")).expect("synced");
        disk
    }

    fn put(disk: &SimDisk, bytes: &[u8]) -> Box<dyn DiskFile> {
        let file = disk.open(Path::new("/d/f"), Open::Write).expect("opens");
        assert_eq!(file.write_at(bytes, 0).expect("writes"), bytes.len());
        file
    }

    #[test]
    fn a_power_cut_keeps_what_was_synced_and_tears_the_rest() {
        let disk = with_folder();
        let file = put(&disk, &[1; 4096]);
        file.sync().expect("syncs");
        disk.sync_dir(Path::new("/d")).expect("syncs");
        assert_eq!(file.write_at(&[2; 8192], 4096).expect("writes"), 8192);
        let mut torn = false;
        for seed in 0..50 {
            let after = read_file(&disk.after_power_cut(seed), Path::new("/d/f"), 1 << 20).expect("the name was synced");
            assert_eq!(after[..4096], [1; 4096]);
            let kept: usize = after[4096..].iter().map(|byte| usize::from(*byte == 2)).sum();
            assert_eq!(kept % SECTOR, 0);
            torn |= kept > 0 && kept < 8192;
        }
        assert!(torn, "some cut tears the write");
    }

    #[test]
    fn a_name_is_safe_only_after_its_folder_was_synced() {
        let disk = with_folder();
        put(&disk, b"x").sync().expect("syncs");
        let lost = (0..50).any(|seed| disk.after_power_cut(seed).files().is_empty());
        assert!(lost, "some cut loses the name");
        write_file(&disk, Path::new("/d/g"), b"whole").expect("writes");
        for seed in 0..50 {
            let after = read_file(&disk.after_power_cut(seed), Path::new("/d/g"), 100).expect("safe");
            assert_eq!(after, b"whole");
        }
    }

    #[test]
    fn a_folder_is_safe_only_after_its_parent_was_synced() {
        let disk = with_folder();
        disk.create_dir_all(Path::new("/d/e")).expect("made");
        write_file(&disk, Path::new("/d/e/f"), b"whole").expect("writes");
        assert!((0..50).any(|seed| disk.after_power_cut(seed).files().is_empty()), "some cut loses the folder");
        disk.sync_dir(Path::new("/d")).expect("synced");
        assert!((0..50).all(|seed| disk.after_power_cut(seed).files().len() == 1));
    }

    #[test]
    fn planned_faults_strike_once_and_power_stays_off() {
        let disk = with_folder();
        let file = put(&disk, &[1; 10]);
        disk.fail_at(0, Fault::Short);
        assert_eq!(file.write_at(&[3; 10], 0).expect("short"), 5);
        assert_eq!(file.write_at(&[3; 10], 0).expect("whole again"), 10);
        disk.fail_at(1, Fault::PowerCut);
        assert!(file.len().is_ok());
        assert!(file.sync().is_err());
        assert!(file.len().is_err());
        assert_eq!(disk.struck(), Some((Call::Sync, Fault::PowerCut)));
    }

    #[test]
    fn one_holder_has_the_lock_until_it_lets_go() {
        let disk = with_folder();
        let open = || disk.open(Path::new("/d/lock"), Open::Write).expect("opens");
        let (first, second) = (open(), open());
        assert!(first.try_lock().expect("locks"));
        assert!(!second.try_lock().expect("asks"));
        drop(first);
        assert!(second.try_lock().expect("locks"));
    }

    #[test]
    fn a_full_disk_refuses_growth_and_a_read_only_one_every_change() {
        let disk = with_folder();
        let file = put(&disk, &[1; 100]);
        disk.set_capacity(Some(150));
        assert_eq!(disk.free_bytes(Path::new("/")).expect("counts"), 50);
        assert!(file.write_at(&[1; 100], 0).is_ok(), "no growth");
        let full = file.write_at(&[1; 100], 60).expect_err("full");
        assert_eq!(full.kind(), io::ErrorKind::StorageFull);
        disk.set_read_only(true);
        assert_eq!(file.write_at(&[1], 0).expect_err("read-only").kind(), io::ErrorKind::ReadOnlyFilesystem);
        assert!(disk.open(Path::new("/d/new"), Open::Write).is_err());
    }
}

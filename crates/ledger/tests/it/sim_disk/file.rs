//! A file that is open.

use ledger::io::DiskFile;
use std::io;

use super::contents::{Change, Inode};
use super::{Call, ENOSPC, Go, Random, SimDisk, error};

pub(super) struct SimFile {
    pub(super) disk: SimDisk,
    pub(super) inode: u64,
    pub(super) handle: u64,
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

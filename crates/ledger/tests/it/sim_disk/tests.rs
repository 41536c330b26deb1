//! The disk keeps what it promises.

use super::contents::SECTOR;
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

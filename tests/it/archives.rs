//! Evidence in archives: the same snapshot as the directory, and nothing that an archive could do to a machine.

use std::fs::{self, File};
use std::io::{Cursor, Seek as _, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;

use crate::program::{CaseFile, Ran, files, sample};

/// A member of an archive: its name as bytes, and its content.
type Member = (Vec<u8>, Vec<u8>);

/// The files of a sample below a folder, as members.
fn members(folder: &str) -> Vec<Member> {
    let of_sample = files(&sample("nightly-2026"));
    of_sample
        .into_iter()
        .map(|(name, path)| (format!("{folder}{name}").into_bytes(), fs::read(path).unwrap()))
        .collect()
}

fn header(name: &[u8], size: usize, kind: tar::EntryType) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name);
    header.set_size(size as u64);
    header.set_mode(0o644);
    header.set_entry_type(kind);
    header.set_cksum();
    header
}

/// A tar archive of members with names of up to 100 bytes, whatever they are.
fn tar_of(members: &[Member]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in members {
        if name.len() > 100 {
            let mut header = header(b"x", content.len(), tar::EntryType::Regular);
            builder.append_data(&mut header, std::str::from_utf8(name).unwrap(), content.as_slice()).unwrap();
        } else {
            builder.append(&header(name, content.len(), tar::EntryType::Regular), content.as_slice()).unwrap();
        }
    }
    builder.into_inner().unwrap()
}

fn zip_of(members: &[Member]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        let name = String::from_utf8(name.clone()).unwrap();
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn put(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn content_id(case: &CaseFile) -> String {
    case.report(["--all"])["case"].as_str().unwrap().to_owned()
}

/// Imports an archive; what the program says of it.
fn told(archive: &Path) -> (CaseFile, String) {
    let case = CaseFile::empty();
    let ran = case.import(&[archive]).exits(0);
    (case, ran.stderr)
}

#[test]
fn an_archive_gives_the_snapshot_of_its_directory() {
    let expected = content_id(&CaseFile::of(&[sample("nightly-2026")]));
    let folder = TempDir::new().unwrap();
    let plain = tar_of(&members(""));
    let wrapped = tar_of(&members("evidence/of-today/"));
    let archives = [
        put(&folder, "a", &plain),
        put(&folder, "b", &wrapped),
        put(&folder, "c", &gzip(&wrapped)),
        put(&folder, "d", &zstd::encode_all(plain.as_slice(), 3).unwrap()),
        put(&folder, "e", &zip_of(&members("evidence/"))),
    ];
    for archive in &archives {
        let (case, _) = told(archive);
        assert_eq!(content_id(&case), expected, "{}", archive.display());
    }
    for archive in &archives {
        let case = CaseFile::empty();
        let mut command = case.command();
        let stream = Stdio::from(File::open(archive).unwrap());
        Ran::of(command.args(["import", "-", "--accept-keys", "--operator", "T"]).stdin(stream)).exits(0);
        assert_eq!(content_id(&case), expected, "standard input: {}", archive.display());
    }
}

#[test]
fn names_that_lead_elsewhere_and_twins_are_set_aside() {
    let folder = TempDir::new().unwrap();
    let task = "tasks/ft3hVVNcQMejIkAnXqMkCg/artifacts/0";
    let mut all = members("");
    for name in [
        b"../outside".to_vec(),
        b"/absolute".to_vec(),
        b"tasks/../../x".to_vec(),
        b"back\\slash".to_vec(),
        b"new\nline".to_vec(),
        b"not-utf8-\xff".to_vec(),
        format!("{task}/public/CASE.txt").into_bytes(),
        format!("{task}/public/case.txt").into_bytes(),
        format!("{task}/public/u\u{e9}").into_bytes(),
        format!("{task}/public/ue\u{301}").into_bytes(),
        b"keys.json".to_vec(),
    ] {
        all.push((name, b"bait".to_vec()));
    }
    let archive = put(&folder, "bait.tar", &tar_of(&all));
    let (case, told) = told(&archive);
    for (name, reason) in [
        ("../outside", "leads out of the archive"),
        ("/absolute", "begins with a slash"),
        ("tasks/../../x", "leads out of the archive"),
        ("back\\slash", "backslash"),
        ("new\\u{a}line", "control characters"),
        ("not-utf8-", "not UTF-8"),
        ("case.txt", "differs in case or Unicode form only"),
        ("u\u{e9}", "differs in case or Unicode form only"),
        ("keys.json", "has a member of this name already"),
    ] {
        let line = told.lines().find(|line| line.contains("set aside") && line.contains(name));
        assert!(line.is_some_and(|line| line.contains(reason)), "{name}: {told}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "something was written beside the archive");
    assert!(case.report(["--all"])["targets"].as_array().unwrap().iter().all(|target| target["verdict"] == "verified"));
}

#[test]
fn links_and_devices_are_never_followed() {
    let folder = TempDir::new().unwrap();
    let mut builder = tar::Builder::new(Vec::new());
    for (name, kind) in [
        ("tasks/a-link", tar::EntryType::Symlink),
        ("tasks/a-hard-link", tar::EntryType::Link),
        ("tasks/a-device", tar::EntryType::Char),
        ("tasks/a-pipe", tar::EntryType::Fifo),
    ] {
        let mut header = header(name.as_bytes(), 0, kind);
        header.set_link_name("/etc/passwd").unwrap();
        header.set_cksum();
        builder.append(&header, std::io::empty()).unwrap();
    }
    for (name, content) in members("") {
        builder.append(&header(&name, content.len(), tar::EntryType::Regular), content.as_slice()).unwrap_or_else(
            |error| {
                panic!("{}: {error}", String::from_utf8_lossy(&name));
            },
        );
    }
    let (_, told) = told(&put(&folder, "links.tar", &builder.into_inner().unwrap()));
    for name in
        ["a-link: it is a link", "a-hard-link: it is a link", "a-device: it is neither", "a-pipe: it is neither"]
    {
        assert!(told.contains(name), "{name}: {told}");
    }
}

#[test]
fn what_comes_before_the_damage_is_imported() {
    let folder = TempDir::new().unwrap();
    let whole = tar_of(&members(""));
    let cut = put(&folder, "cut.tar", &whole[..whole.len() * 2 / 3]);
    let (case, of_cut) = told(&cut);
    assert!(
        ["the archive ends before it does", "can't be read further", "ends without its end mark"]
            .iter()
            .any(|words| of_cut.contains(words)),
        "{of_cut}"
    );
    assert!(case.number("SELECT count(*) FROM task") > 2);
    let packed = gzip(&whole);
    let (_, of_packed) = told(&put(&folder, "cut.tar.gz", &packed[..packed.len() * 2 / 3]));
    assert!(of_packed.contains("the archive is damaged after"), "{of_packed}");
}

#[test]
fn a_bomb_is_set_aside_and_the_rest_imported() {
    let folder = TempDir::new().unwrap();
    // 300 MiB of zeros after the evidence: beyond what an honest archive expands to.
    let mut bomb = tar_of(&members(""));
    bomb.truncate(bomb.len() - 1024);
    let zeros = header(b"tasks/zeros", 300 << 20, tar::EntryType::Regular);
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.write_all(&bomb).unwrap();
    encoder.write_all(zeros.as_bytes()).unwrap();
    for _ in 0..300 {
        encoder.write_all(&vec![0; 1 << 20]).unwrap();
    }
    let (case, of_bomb) = told(&put(&folder, "bomb.tar.zst", &encoder.finish().unwrap()));
    assert!(of_bomb.contains("the archive expands to more than 200 times its size"), "{of_bomb}");
    assert!(case.number("SELECT count(*) FROM task") > 2);
}

#[cfg(target_os = "linux")]
/// What stands before a member for its sake, links by the thousand: neither takes memory for what it is.
#[test]
fn headers_without_end_are_set_aside_in_little_memory() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("long.tar");
    let mut file = File::create(&path).unwrap();
    let size = 200 << 20;
    for kind in [tar::EntryType::XHeader, tar::EntryType::GNULongName] {
        file.write_all(header(b"long", size, kind).as_bytes()).unwrap();
        // The bytes themselves are a hole in the file.
        file.seek_relative(size as i64).unwrap();
        file.write_all(header(b"tasks/after", 0, tar::EntryType::Regular).as_bytes()).unwrap();
    }
    for number in 0..30_000 {
        file.write_all(header(format!("tasks/{number}").as_bytes(), 0, tar::EntryType::Symlink).as_bytes()).unwrap();
    }
    file.write_all(&tar_of(&members(""))).unwrap();
    drop(file);
    let case = CaseFile::empty();
    let mut command = case.command();
    command.arg("import").arg(&path);
    let (peak, output) = crate::import::peak_of(command);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    assert_eq!(case.number("SELECT count(*) FROM file WHERE reason LIKE '%for its sake is too long'"), 1, "one name");
    assert!(said.contains("20002 more members were set aside"), "{said}");
    assert!(case.number("SELECT count(*) FROM task") > 2);
    assert!(peak < 150 << 10, "{peak} KiB");
}

#[test]
fn what_is_no_archive_is_an_error() {
    let folder = TempDir::new().unwrap();
    for bytes in [&b""[..], b"PK", b"PK\x03\x04 not really", b"hello", b"\x1f\x8bnope", b"\x28\xb5\x2f\xfdnope"] {
        let path = put(&folder, "x", bytes);
        let case = CaseFile::empty();
        let ran = case.import(&[&path]).exits(1);
        assert!(ran.stderr.starts_with("error: "), "{}", ran.stderr);
        assert!(!case.path.exists(), "a case file was made for {bytes:?}");
    }
}

//! What a scriptworker logged while it verified the chain of its task: the digest of everything that it downloaded.
//!
//! scriptworker writes a line for each attestation (`PATH downloaded; hash is SHA256`) and for each artifact (`PATH matches
//! the expected sha256 SHA256`), where PATH ends in `cot/TASK_ID/NAME` (scriptworker/cot/verify.py, since 2.0.0). Its own
//! attestation then states the log's digest.

use std::collections::BTreeSet;

use crate::model::{Digest, LoggedDigest, TaskId, VerificationLog};

/// Raised when the answers of this file could change.
pub const VERSION: u32 = 1;

/// The most digests of a log that are kept. Real logs list some dozens.
const DIGESTS_MAX: usize = 20_000;

/// The longest line that is read; scriptworker's have some 200 bytes.
const LINE_MAX: usize = 4096;

/// What stands before the task id in the path of a downloaded file.
const FOLDER: &str = "/cot/";

/// What stands between a path and its digest.
const MARKS: [&str; 2] = [" downloaded; hash is ", " matches the expected sha256 "];

/// Reads a log. Lines of any other form say nothing here.
pub fn examine(bytes: &[u8]) -> VerificationLog {
    let mut log = VerificationLog::default();
    let mut seen = BTreeSet::new();
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let Some((task_id, name, sha256)) = std::str::from_utf8(line).ok().and_then(read_line) else { continue };
        let is_new = seen.insert((task_id, name.clone(), sha256));
        if !is_new {
            continue;
        }
        if log.digests.len() == DIGESTS_MAX {
            log.is_cut = true;
            break;
        }
        log.digests.push(LoggedDigest { task_id, name, sha256, line: index as u64 + 1 });
    }
    log
}

fn read_line(line: &str) -> Option<(TaskId, String, Digest)> {
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.len() > LINE_MAX || !is_dated(line) {
        return None;
    }
    let (before, digest) = MARKS.iter().find_map(|mark| line.rsplit_once(mark))?;
    // The text form of a digest also allows other cases and a prefix; scriptworker writes neither.
    let is_plain = digest.len() == 64 && digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let sha256 = if is_plain { digest.parse().ok()? } else { return None };
    let (_, below) = before.rsplit_once(FOLDER)?;
    let (task_id, name) = below.split_once('/')?;
    let name = name.strip_prefix("./").unwrap_or(name);
    Some((task_id.parse().ok()?, name.to_owned(), sha256))
}

/// Whether a line begins as scriptworker begins one, `2021-02-11T13:41:34    DEBUG - `: what follows a line break in a
/// message, which may be anybody's text, does not.
fn is_dated(line: &str) -> bool {
    let shape = b"0000-00-00T00:00:00 ";
    let fits = |(byte, shape): (&u8, &u8)| if *shape == b'0' { byte.is_ascii_digit() } else { byte == shape };
    let Some(rest) = line.get(shape.len()..).map(str::trim_start) else { return false };
    line.as_bytes().iter().zip(shape).all(fits) && rest.starts_with("DEBUG -")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TASK: &str = "BpEU_djMQ8-3PWWPuaxPkQ";
    const HASH: &str = "810b009ad90244beab2af9a96ef834382a60eb1a44571e1164b343bb33f70c35";

    fn read(line: &str) -> Vec<(String, String)> {
        let log = examine(line.as_bytes());
        log.digests.into_iter().map(|logged| (logged.task_id.to_string(), logged.name)).collect()
    }

    #[test]
    fn both_forms_of_line_are_read_in_every_layout_of_the_path() {
        let head = "2021-02-11T13:41:34    DEBUG - ";
        let attestation = [(TASK.to_owned(), "public/chain-of-trust.json".to_owned())];
        let path = format!("/app/workdir/cot/{TASK}/./public/chain-of-trust.json");
        assert_eq!(read(&format!("{head} {path} downloaded; hash is {HASH}")), attestation);
        let path = format!("/builds/scriptworker/work/cot/{TASK}/public/chain-of-trust.json");
        assert_eq!(read(&format!("x\r\n{head}{path} downloaded; hash is {HASH}\r\n")), attestation);
        assert_eq!(read(&format!("{head}{path} matches the expected sha256 {HASH}\n")), attestation);
    }

    #[test]
    fn other_lines_say_nothing() {
        let head = "2021-02-11T13:41:34    DEBUG - ";
        let path = format!("/cot/{TASK}/public/chain-of-trust.json");
        for line in [
            format!("{path} downloaded; hash is {HASH}"),
            format!("    \"{head}{path} downloaded; hash is {HASH}\","),
            format!("{head}{path} downloaded; hash is {}", &HASH[1..]),
            format!("{head}{path} downloaded; hash is {}", HASH.to_uppercase()),
            format!("{head}/cot/short/public/x downloaded; hash is {HASH}"),
            format!("2021-02-11T13:41:34     INFO - {path} downloaded; hash is {HASH}"),
            format!("{head}{path} matches the expected sha512 {HASH}"),
            format!("{head}{path} downloaded; hash is {HASH} or so"),
        ] {
            assert_eq!(read(&line), [], "{line}");
        }
    }

    #[test]
    fn a_log_of_many_digests_is_cut_and_says_so() {
        let line =
            |index: usize| format!("2021-02-11T13:41:34    DEBUG - /cot/{TASK}/a/{index} downloaded; hash is {HASH}\n");
        let text: String = (0..=DIGESTS_MAX).map(line).collect();
        let log = examine(text.as_bytes());
        assert!(log.is_cut && log.digests.len() == DIGESTS_MAX);
        let twice = format!("{}{}", line(1), line(1));
        assert_eq!(examine(twice.as_bytes()).digests.len(), 1);
    }
}

//! The key repository of the sample `nightly-2017`: half a year of key sets, laid out as mozilla-releng/cot-gpg-keys was.

use anyhow::Result;

use crate::clock;
use crate::git::{Files, Repository};
use crate::keys::{self, OpenPgpKey, Signer};
use crate::world::World;

/// Who signs its commits and tags.
const RELENG: &str = "Release Engineer <releng@example.invalid>";

const DOCKER_WORKER: &str = "docker-worker/2017-01-15/docker-worker.pub";
const GENERIC_WORKER: &str = "generic-worker/2017-01-16_gecko-3-b-win2012/gecko-3-b-win2012.pub";
const TRUSTED: &str = "scriptworker/trusted/releng@example.invalid.pub";
const SCRIPTWORKER: &str = "scriptworker/valid/release+scriptworker@example.invalid.pub";
const EXPIRED: &str = "scriptworker/valid/cltsign@signing-linux-2.srv.releng.example.invalid.pub";
const REMOVED: &str = "scriptworker/valid/cltsign@signing-linux-3.srv.releng.example.invalid.pub";
const REVOKED: &str = "scriptworker/valid/cltbld@beetmoverworker-2.srv.releng.example.invalid.pub";

const README: &str = "# Worker keys\n\nWorkers take the newest tag, if it is signed by one of git-signer. Sample; the keys protect \
                      nothing.\n";

/// A change of the key set: message, and from a file's path to the key file's name, where it does not take the file away.
struct Change {
    /// When it was committed, and when tagged.
    committed: &'static str,
    tagged: &'static str,
    message: &'static str,
    files: &'static [(&'static str, Option<&'static str>)],
}

const CHANGES: [Change; 4] = [
    Change {
        committed: "2017-01-18T17:05:11Z",
        tagged: "2017-01-18T17:15:03Z",
        message: "add the keys of the first workers",
        files: &[
            (DOCKER_WORKER, Some("docker-worker")),
            (GENERIC_WORKER, Some("generic-worker")),
            (TRUSTED, Some("releng")),
            (SCRIPTWORKER, Some("scriptworker")),
            (EXPIRED, Some("signing-linux-2")),
            (REMOVED, Some("signing-linux-3")),
        ],
    },
    Change {
        committed: "2017-03-21T22:13:09Z",
        tagged: "2017-03-21T22:29:02Z",
        message: "add beetmoverworker-2",
        files: &[(REVOKED, Some("beetmoverworker-2"))],
    },
    Change {
        committed: "2017-06-08T15:40:37Z",
        tagged: "2017-06-08T15:48:20Z",
        message: "remove signing-linux-3: the host was given back, and nobody knows what became of its disk",
        files: &[(REMOVED, None)],
    },
    Change {
        committed: "2017-07-12T15:31:44Z",
        tagged: "2017-07-12T15:42:16Z",
        message: "beetmoverworker-2 is revoked: the host was broken into",
        files: &[(REVOKED, Some("beetmoverworker-2 revoked"))],
    },
];

/// Puts the repository into a capture, with the certificate of who may sign its tags.
pub(super) fn put(world: &mut World) -> Result<()> {
    let mut repository = Repository::new(OpenPgpKey::of(Signer::Releng)?, RELENG);
    let mut files = Files::from([("README.md".to_owned(), README.as_bytes().to_vec())]);
    for change in &CHANGES {
        for (path, name) in change.files {
            match name {
                Some(name) => files.insert((*path).to_owned(), keys::repository_file(name)?.as_bytes().to_vec()),
                None => files.remove(*path),
            };
        }
        repository.commit(&files, change.message, seconds(change.committed)?)?;
        let name = clock::format(clock::moment(change.tagged)?, "production-%Y%m%d%H%M%S")?;
        repository.tag(&name, seconds(change.tagged)?)?;
    }
    world.put("keys/cot-gpg-keys.bundle", repository.bundle()?);
    world.put("keys/openpgp/git-signer/releng.asc", keys::repository_file("releng")?);
    Ok(())
}

fn seconds(text: &str) -> Result<u32> {
    Ok(u32::try_from(clock::moment(text)? / clock::SECOND)?)
}

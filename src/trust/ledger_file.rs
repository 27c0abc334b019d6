//! The ledgers that ship with cotrace: facts of public repositories, as data that anyone can read and diff.

use serde::Deserialize;

use crate::model::{Basis, Digest, EpochEvent, KeyEpoch, KeyId, Moment, Role};

/// The shipped ledgers: file name and text.
const LEDGERS: [(&str, &str); 2] = [
    ("scriptworker-ed25519.json", include_str!("ledgers/scriptworker-ed25519.json")),
    ("cot-gpg-keys.json", include_str!("ledgers/cot-gpg-keys.json")),
];

/// The version of the ledger format.
const LEDGER_VERSION: u32 = 1;

/// A ledger: the epochs of the keys of one source.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LedgerFile {
    /// The version of the format: 1.
    pub ledger_version: u32,
    /// Its stable id.
    pub id: String,
    /// What it is, and when its epochs begin and end, in a few sentences.
    pub description: String,
    /// The deployments that its keys are for, by root URL.
    pub deployments: Vec<String>,
    /// Where its facts come from.
    pub source: String,
    /// How far the source was authentic, where anybody could tell.
    pub authenticated: Option<String>,
    /// The moment up to which the source was read; `None` where it is somebody's word.
    pub known_until: Option<Moment>,
    /// The epochs, by their beginning.
    pub epochs: Vec<LedgerEpoch>,
}

/// One epoch of a shipped ledger.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LedgerEpoch {
    /// The role that the key is for.
    pub role: Role,
    /// Of an OpenPGP key, the part of the key set: `flat`, `trusted` or `valid`.
    pub ring: Option<String>,
    /// The key.
    pub key: KeyId,
    /// The path of its file in the key repository.
    pub path: Option<String>,
    /// The SHA-256 of that file.
    pub file: Option<Digest>,
    /// The SHA-256 of the packets in that file, without their armor.
    pub packets: Option<Digest>,
    /// First moment of trust; `None` where the source gives none.
    pub from: Option<Moment>,
    /// First moment without trust; `None`: there was none when the source was read.
    pub until: Option<Moment>,
    /// How it began.
    pub began: EpochEvent,
    /// How it ended.
    pub ended: Option<EpochEvent>,
}

/// A ledger can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the ledger {name} can't be read: {why}")]
pub struct LedgerError {
    /// Its file.
    pub name: String,
    /// Why.
    pub why: String,
}

impl LedgerFile {
    /// The ledgers that cotrace ships.
    ///
    /// # Errors
    ///
    /// If one of them is broken: then the program was built wrong.
    pub fn all() -> Result<Vec<Self>, LedgerError> {
        LEDGERS.iter().map(|(name, text)| Self::read(name, text)).collect()
    }

    /// Reads a ledger.
    ///
    /// # Errors
    ///
    /// If it is no ledger of this version, or an interval is empty.
    pub fn read(name: &str, text: &str) -> Result<Self, LedgerError> {
        let error = |why: String| LedgerError { name: name.to_owned(), why };
        let ledger: Self = serde_json::from_str(text).map_err(|cause| error(cause.to_string()))?;
        if ledger.ledger_version != LEDGER_VERSION {
            return Err(error(format!("its version is {}, not {LEDGER_VERSION}", ledger.ledger_version)));
        }
        match ledger.epochs.iter().find(|epoch| epoch.until.zip(epoch.from).is_some_and(|(until, from)| until <= from))
        {
            Some(epoch) => Err(error(format!("an epoch of {} ends before it begins", epoch.key))),
            None => Ok(ledger),
        }
    }

    /// One of its epochs as the key ledger has it. `file` is the captured file whose bytes it vouches for.
    pub fn epoch(&self, epoch: &LedgerEpoch, file: Option<Digest>, basis: Option<Basis>) -> KeyEpoch {
        KeyEpoch {
            key: epoch.key.clone(),
            role: epoch.role.clone(),
            from: epoch.from,
            until: epoch.until,
            deployments: self.deployments.clone(),
            file: file.or(epoch.file),
            source: self.id.clone(),
            began: Some(epoch.began.clone()),
            ended: epoch.ended.clone(),
            known_until: self.known_until,
            basis,
        }
    }
}

impl LedgerEpoch {
    /// Whether it vouches for a file of certificates: by the bytes of the file, or by those of the packets in it.
    pub fn vouches_for(&self, file: &Digest, packets: &Digest) -> bool {
        self.file.as_ref() == Some(file) || self.packets.as_ref() == Some(packets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_ledger_can_be_read() {
        let ledgers = LedgerFile::all().unwrap();
        assert_eq!(ledgers.iter().map(|ledger| ledger.epochs.len()).collect::<Vec<_>>(), [22, 122]);
        for epoch in ledgers.iter().flat_map(|ledger| &ledger.epochs) {
            assert_eq!(epoch.key.fingerprint().is_some(), epoch.file.is_some() && epoch.packets.is_some());
            assert!(epoch.key.public_key().is_some() != epoch.key.fingerprint().is_some(), "{}", epoch.key);
        }
    }

    #[test]
    fn a_key_that_came_back_has_two_epochs() {
        let ledgers = LedgerFile::all().unwrap();
        let epochs = ledgers.iter().flat_map(|ledger| &ledger.epochs);
        let of_key: Vec<_> = epochs
            .filter(|epoch| epoch.key.as_str() == "ed25519:J+PAKmq3jkS2uCpBk5WU2ycrnTFPwZujJT4OHAxm38I=")
            .collect();
        let bounds: Vec<_> =
            of_key.iter().map(|epoch| (epoch.from.unwrap().to_string(), epoch.until.unwrap().to_string())).collect();
        let expected =
            [("2019-03-07T19:47:30Z", "2020-03-30T16:59:40Z"), ("2020-04-01T10:12:24Z", "2020-06-09T19:48:38Z")];
        assert_eq!(bounds, expected.map(|(from, until)| (from.to_owned(), until.to_owned())));
    }

    #[test]
    fn a_broken_ledger_is_refused() {
        for text in ["", "[]", "{\"ledgerVersion\": 1}", "nonsense"] {
            assert!(LedgerFile::read("test", text).is_err(), "{text}");
        }
        let empty = r#"{"ledgerVersion": 1, "id": "t", "description": "", "deployments": [], "source": "",
            "authenticated": null, "knownUntil": "2020-01-01", "epochs": [{"role": "scriptworker", "key": "ed25519:AA==",
            "from": "2020-01-01", "until": "2020-01-01", "began": {}, "ended": null}]}"#;
        assert!(LedgerFile::read("test", empty).unwrap_err().why.contains("ends before it begins"));
    }
}

//! Releases of scriptworker, in their order.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A release: `12.0.0`, or before the first one `1.0.0b5`, which its tag may call `1.0.0-beta5`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Release {
    numbers: [u32; 3],
    beta: Option<u32>,
}

/// A text that names no release.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a release, such as 12.0.0 or 1.0.0b5")]
pub struct InvalidRelease;

impl FromStr for Release {
    type Err = InvalidRelease;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let start = text.find(['-', 'b']).unwrap_or(text.len());
        let (plain, rest) = text.split_at(start);
        let number = |text: &str| {
            let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            if is_plain { text.parse::<u32>().map_err(|_| InvalidRelease) } else { Err(InvalidRelease) }
        };
        let numbers: Vec<u32> = plain.split('.').map(number).collect::<Result<_, _>>()?;
        let numbers = <[u32; 3]>::try_from(numbers).map_err(|_| InvalidRelease)?;
        let beta = match rest {
            "" => None,
            rest => {
                let beta = rest.strip_prefix("-beta").or_else(|| rest.strip_prefix('b')).ok_or(InvalidRelease)?;
                Some(number(beta)?)
            }
        };
        Ok(Self { numbers, beta })
    }
}

impl PartialOrd for Release {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Release {
    /// By number; a beta comes before the release that it leads to.
    fn cmp(&self, other: &Self) -> Ordering {
        let beta = |release: &Self| release.beta.unwrap_or(u32::MAX);
        self.numbers.cmp(&other.numbers).then_with(|| beta(self).cmp(&beta(other)))
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.numbers;
        write!(f, "{major}.{minor}.{patch}")?;
        self.beta.map_or(Ok(()), |beta| write!(f, "b{beta}"))
    }
}

impl Serialize for Release {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Release {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_follow_their_numbers_and_betas_come_first() {
        let order = ["0.8.0b2", "0.8.0", "1.0.0-beta1", "1.0.0b2", "1.0.0b8", "2.0.0", "5.1.4", "5.1.10", "12.0.0"];
        let releases: Vec<Release> = order.iter().map(|text| text.parse().unwrap()).collect();
        assert!(releases.is_sorted());
        assert_eq!(releases[2].to_string(), "1.0.0b1");
        for text in ["", "1", "1.2", "1.2.3.4", "1.2.x", "1.0.0b", "1.0.0rc1", "+1.0.0", "1.0.0-beta", "v1.0.0"] {
            assert!(text.parse::<Release>().is_err(), "{text}");
        }
    }
}

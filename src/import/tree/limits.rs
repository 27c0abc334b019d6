//! What one piece of evidence may ask for. Each limit is far beyond real captures and far below what harms.

/// How deep folders are followed. Real artifact names have at most a dozen parts.
pub(in crate::import) const DEPTH_MAX: usize = 64;

/// The most members of an archive. A capture of 50,000 tasks has about 360,000 files.
pub(in crate::import) const MEMBERS_MAX: usize = 4_000_000;

/// The most members set aside that are told one by one; the rest is counted. Nobody reads more.
pub(in crate::import) const REFUSED_TOLD: usize = 10_000;

/// The most bytes of what stands before a tar member for its sake: long names, extended headers. Real ones have some
/// hundred bytes.
pub(in crate::import) const TAR_EXTENSION_SIZE_MAX: u64 = 1 << 20;

/// The longest path of a member, in bytes: Linux's own limit.
pub(in crate::import) const PATH_SIZE_MAX: usize = 4096;

/// The most bytes that an archive may expand to: 64 GiB, more than a release with all its artifacts.
pub(in crate::import) const EXPANDED_SIZE_MAX: u64 = 64 << 30;

/// How many times its own size an archive or member may expand to. Real captures reach about 30; deflate can't exceed
/// 1,032, other methods can.
pub(in crate::import) const RATIO_MAX: u64 = 200;

/// Below this size nothing is a bomb, whatever its ratio: a log of one repeated line.
pub(in crate::import) const RATIO_FREE_SIZE: u64 = 256 << 20;

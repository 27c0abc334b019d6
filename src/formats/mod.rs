//! Hostile bytes to values, under budgets.
//!
//! Every reader here is pure: bytes in, a value or an error out; no file, clock, environment or printing. Every reader
//! is total: whatever the bytes are, it returns, without a panic and within a stated limit. Where a historical program
//! read the same bytes, ours reads them as that program did (Python's `json` and `fnmatch`, GnuPG's clear-signed text,
//! taskgraph's datestamps), because a verdict about what was accepted then must rest on what was read then.

pub mod clearsign;
pub mod datestamp;
pub mod fnmatch;
pub mod git;
pub mod json;
pub mod jsone;
pub mod openpgp;
pub mod python_literal;
pub mod url;
pub mod yaml;

//! The clock: read here and nowhere else.

use crate::model::Moment;

/// The present moment. Only ever recorded (when something was imported or replayed), never judged by.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub(super) fn now() -> Moment {
    Moment::new(jiff::Timestamp::now())
}

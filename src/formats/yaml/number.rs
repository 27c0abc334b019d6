//! Integers and floats: PyYAML's `construct_yaml_int` and `construct_yaml_float`.
//!
//! For plain scalars, whose form the resolver has checked, this is exactly PyYAML's reading. Under an explicit tag any text
//! can come, and Python's `int` and `float` are lenient (blanks, digits of every script, `nan`); only the plain forms
//! are read then.

use num_bigint::BigInt;

use super::budget::INTEGER_DIGITS_MAX;
use crate::formats::json::Number;

/// Most parts of a sexagesimal float: up to 60^12 every power of 60 is exact as a float, so Python's mixture of integers
/// and floats can be followed in floats alone.
const FLOAT_PARTS_MAX: usize = 13;

/// The integer that a scalar says. None where Python raises `ValueError`, and for more than [`INTEGER_DIGITS_MAX`] digits.
pub(super) fn int(text: &str) -> Option<Number> {
    let text = text.replace('_', "");
    let (is_negative, text) = sign(&text);
    if text.len() > INTEGER_DIGITS_MAX {
        return None;
    }
    let magnitude = if text == "0" {
        BigInt::ZERO
    } else if let Some(digits) = text.strip_prefix("0b") {
        in_radix(digits, 2)?
    } else if let Some(digits) = text.strip_prefix("0x") {
        in_radix(digits, 16)?
    } else if text.starts_with('0') {
        in_radix(text, 8)?
    } else {
        let mut sum = BigInt::ZERO;
        for part in text.split(':') {
            sum = sum * 60 + in_radix(part, 10)?;
        }
        sum
    };
    Some(Number::from(if is_negative { -magnitude } else { magnitude }))
}

fn in_radix(digits: &str, radix: u32) -> Option<BigInt> {
    let is_number = !digits.is_empty() && digits.chars().all(|char| char.is_digit(radix));
    is_number.then(|| BigInt::parse_bytes(digits.as_bytes(), radix)).flatten()
}

/// The float that a scalar says. None where Python raises `ValueError`.
pub(super) fn float(text: &str) -> Option<f64> {
    let text = text.replace('_', "").to_ascii_lowercase();
    let (is_negative, text) = sign(&text);
    let magnitude = match text {
        ".inf" => f64::INFINITY,
        // PyYAML's NaN has a sign that nothing shows.
        ".nan" => return Some(f64::NAN),
        _ if text.contains(':') => sexagesimal(text)?,
        _ => decimal(text)?,
    };
    Some(if is_negative { -magnitude } else { magnitude })
}

/// Summed up from the last part, in the order of PyYAML's additions.
fn sexagesimal(text: &str) -> Option<f64> {
    if text.split(':').count() > FLOAT_PARTS_MAX {
        return None;
    }
    let (mut sum, mut base) = (0.0, 1.0);
    for part in text.rsplit(':') {
        sum += decimal(part)? * base;
        base *= 60.0;
    }
    Some(sum)
}

/// `[0-9]*\.?[0-9]*(e[-+]?[0-9]+)?` with a digit before the exponent. Rust and Python round alike (to nearest, ties to
/// even, overflow to infinity).
fn decimal(text: &str) -> Option<f64> {
    let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let (mantissa, exponent) = text.split_once('e').map_or((text, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let has_digit = !whole.is_empty() || !fraction.is_empty();
    let is_exponent = exponent.is_none_or(|text| {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        !digits.is_empty() && is_digits(digits)
    });
    let is_decimal = has_digit && is_digits(whole) && is_digits(fraction) && is_exponent;
    is_decimal.then(|| text.parse().ok()).flatten()
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_pyyamls() {
        for (text, repr) in [
            ("0", "0"),
            ("-0", "0"),
            ("0_", "0"),
            ("0b101", "5"),
            ("-0b1_1", "-3"),
            ("0xfF_0", "4080"),
            ("010", "8"),
            ("-0_17", "-15"),
            ("30:00", "1800"),
            ("-1:30:5", "-5405"),
            ("1:99", "159"),
            ("1_2:3", "723"),
            ("+123456789012345678901234567890", "123456789012345678901234567890"),
        ] {
            assert_eq!(int(text).map(|number| number.repr()), Some(repr.to_owned()), "{text}");
        }
        for text in ["", "-", "0b", "0x", "08", "0:30", "1:", "abc", " 1", "1 ", "--1", "0b2", "٣", "0o17", "1.0"] {
            assert!(int(text).is_none(), "{text}");
        }
        assert!(int(&"9".repeat(4300)).is_some());
        assert!(int(&"9".repeat(4301)).is_none());
    }

    #[test]
    fn floats_are_pyyamls() {
        for (text, value) in [
            ("1.", 1.0),
            (".5", 0.5),
            ("-1_0.5_0", -10.5),
            ("1.5e+3", 1500.0),
            ("1e3", 1000.0),
            ("190:20:30.15", 685_230.15),
            ("-0:30.5", -30.5),
            ("-.INF", f64::NEG_INFINITY),
            ("1.0e+999", f64::INFINITY),
        ] {
            assert_eq!(float(text), Some(value), "{text}");
        }
        assert!(float("-0.0").is_some_and(f64::is_sign_negative));
        assert!(float(".NaN").is_some_and(f64::is_nan));
        for text in ["", ".", "e5", "1e", "nan", "inf", "1:nan", "1.2.3", " 1.0", "--1.0", "1.0f", "0x1.0"] {
            assert!(float(text).is_none(), "{text}");
        }
        assert!(float(&format!("1{}.0", ":0".repeat(13))).is_none());
    }
}
